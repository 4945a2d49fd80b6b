"""The control plane's database (SQLite embedded, PostgreSQL in production): ledger, read models.

Every record is a stream of events in the hash-chained ledger; read models serve lists and are
rebuilt from it. Nothing here decides.
"""

from governance.store.errors import (
    NotFoundError,
    StaleError,
    StoreBusyError,
    StoreError,
    StoreOutdatedError,
)
from governance.store.store import Difference, Store
from governance.store.streams import Kind, Loaded, Reference
from governance.store.unit import UnitOfWork

__all__ = [
    "Difference",
    "Kind",
    "Loaded",
    "NotFoundError",
    "Reference",
    "StaleError",
    "Store",
    "StoreBusyError",
    "StoreError",
    "StoreOutdatedError",
    "UnitOfWork",
]
