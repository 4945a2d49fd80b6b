"""What the signer remembers in its own folder, out of the database's and the portal's reach.

The last head it verified: a chain that does not continue it was rewritten, whatever the database
and the checkpoints say now. And the newest bundle it published of each project: neither database
nor policy zone can take it back to an older number.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from governance.audit.chain import GENESIS
from governance.canonical import canonical_json
from governance.errors import ConfigurationError

PEOPLE: Final = "people"
"""The people mapping, among the published."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered.

    Attributes:
        seq, head: Last entry verified, and its hash; 0 and zeros for none.
        published: Newest version by project, and of the people mapping.
    """

    seq: int = 0
    head: str = GENESIS
    published: Mapping[str, int] = field(default_factory=dict)

    def with_published(self, name: str, version: int) -> "Memory":
        """And that version of that project."""
        newest = max(version, self.published.get(name, 0))
        return replace(self, published={**self.published, name: newest})


def load_memory(path: Path) -> Memory:
    """What was remembered; nothing on the first run.

    Raises:
        ConfigurationError: The file is malformed: the signer must not forget by accident.
    """
    try:
        raw = json.loads(path.read_bytes())
        return Memory(
            int(raw["seq"]),
            str(raw["head"]),
            {str(name): int(version) for name, version in raw["published"].items()},
        )
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        message = (
            f"What the signer remembered ({path.name}) cannot be read. Restore it from a copy; "
            "remove it only when the ledger was verified against a checkpoint kept outside."
        )
        raise ConfigurationError(message) from None


def save_memory(path: Path, memory: Memory) -> None:
    """Keep it: whole or not at all, for its owner alone.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    document = canonical_json(
        {"seq": memory.seq, "head": memory.head, "published": dict(memory.published)}
    )
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(document)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        message = f"The signer's folder cannot be written ({path.name})."
        raise ConfigurationError(message) from None
