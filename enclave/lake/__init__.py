"""Commits to the curated tables, their snapshots, and governed reading of them."""

from enclave.lake.lake import CommitFacts, Lake, TableState

__all__ = ["CommitFacts", "Lake", "TableState"]
