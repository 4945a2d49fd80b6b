"""The signer: a process apart from the portal, with its own key, that turns decisions into grants.

It believes no row of a database. It reads the ledger, verifies the chain against checkpoints and
against its own memory, replays requests and board, computes the vote anew, checks that each event
was its author's to write, compiles, signs under the root, publishes, and records that it did.
"""

from governance.signer.errors import LedgerRefusedError, SignerKeyError
from governance.signer.running import (
    Kept,
    RunReport,
    Signing,
    open_signing,
    run_forever,
    run_once,
)
from governance.signer.settings import SignerSettings, load_signer_settings

__all__ = [
    "Kept",
    "LedgerRefusedError",
    "RunReport",
    "SignerKeyError",
    "SignerSettings",
    "Signing",
    "load_signer_settings",
    "open_signing",
    "run_forever",
    "run_once",
]
