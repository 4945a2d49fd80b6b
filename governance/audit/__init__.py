"""One ledger format for both planes: event tags, hash chain, checkpoints, proofs. Pure.

The board's chain lies in its database, the data plane's in the object store (`enclave.ledger`).
"""

from governance.audit.chain import (
    GENESIS,
    Entry,
    LedgerProblem,
    LedgerReport,
    ProblemKind,
    Row,
    commit_facts,
    follows,
    format_instant,
    is_entry_number,
    leaves,
    link,
    new_salt,
    verify_chain,
    verify_rows,
)
from governance.audit.checkpoints import Checkpoint, sign_checkpoint, verify_checkpoint
from governance.audit.merkle import (
    consistency_proof,
    inclusion_proof,
    merkle_root,
    verify_consistency,
    verify_inclusion,
)
from governance.audit.tags import Tag

__all__ = [
    "GENESIS",
    "Checkpoint",
    "Entry",
    "LedgerProblem",
    "LedgerReport",
    "ProblemKind",
    "Row",
    "Tag",
    "commit_facts",
    "consistency_proof",
    "follows",
    "format_instant",
    "inclusion_proof",
    "is_entry_number",
    "leaves",
    "link",
    "merkle_root",
    "new_salt",
    "sign_checkpoint",
    "verify_chain",
    "verify_checkpoint",
    "verify_consistency",
    "verify_inclusion",
    "verify_rows",
]
