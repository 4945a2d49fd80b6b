"""The `enclave` command line: what stewards, operators and researchers type."""

from enclave.cli.main import app, main

__all__ = ["app", "main"]
