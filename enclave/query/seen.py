"""The newest version of each signed document this data plane has seen, so that none goes back.

Kept in the ledger zone, which no other plane reaches: whoever can write the policy zone could put
an older bundle back, with every signature right.
"""

import json

from governance.canonical import canonical_json
from governance.errors import LedgerError, ObjectNotFoundError, PreconditionFailedError
from governance.grants import BundleRefusedError
from governance.objects import ObjectStore


class SeenVersions:
    """Remembers versions; they only grow."""

    def __init__(self, store: ObjectStore) -> None:
        """Keep them in `store` (the ledger zone)."""
        self._store = store

    def last(self, name: str) -> tuple[int, str | None]:
        """Newest version seen of `grants/{project}`, `people` or `root`, and its digest; 0: none.

        Raises:
            LedgerError: What was kept is malformed.
        """
        try:
            raw = json.loads(self._store.read(_key(name)))
            return int(raw["version"]), str(raw["digest"])
        except ObjectNotFoundError:
            return 0, None
        except (ValueError, KeyError, TypeError):
            raise LedgerError(
                "What was kept of the versions seen is malformed.", name=name
            ) from None

    def record(self, name: str, version: int, digest: str) -> None:
        """Remember a verified version, unless a newer one is remembered already.

        Raises:
            BundleRefusedError: A newer one was seen meanwhile, or another of the same version.
        """
        while True:
            info = self._store.stat(_key(name))
            seen, seen_digest = self.last(name)
            if seen > version or (seen == version and seen_digest != digest):
                raise BundleRefusedError(
                    "bundle.rollback",
                    f"Version {seen} of {name} was seen before, and this is not it.",
                    "Ask again; if it stays, the operator publishes the newest version.",
                )
            if seen == version:
                return
            data = canonical_json({"version": version, "digest": digest})
            try:
                if info is None:
                    self._store.put(_key(name), data, if_none_match=True)
                else:
                    self._store.put(_key(name), data, if_match=info.etag)
            except PreconditionFailedError:
                continue
            return


def _key(name: str) -> str:
    return f"seen/{name}.json"
