"""Reference tables of public facts the treatments look up; each file names publisher and date."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Final

from governance.digests import sha256_of


@dataclass(frozen=True)
class ReferenceTable:
    """One CSV under schemas/codes; lines that start with `#` tell its source."""

    name: str

    @cached_property
    def _bytes(self) -> bytes:
        return files("schemas").joinpath("codes", self.name).read_bytes()

    @property
    def digest(self) -> str:
        """SHA-256 of the file: part of every plan that uses it."""
        return sha256_of(self._bytes)

    @property
    def text(self) -> str:
        """The whole file."""
        return self._bytes.decode()

    @cached_property
    def rows(self) -> tuple[Mapping[str, str], ...]:
        """Rows by column name."""
        lines = self.text.splitlines()
        return tuple(csv.DictReader(line for line in lines if not line.startswith("#")))


ZIP3_RESTRICTED: Final = ReferenceTable("zip3_restricted.csv")
"""ZIP3 areas that may not be told: at most 20,000 people, or no census population at all."""

TOWNS: Final = ReferenceTable("ct_towns.csv")
"""The 169 towns of Connecticut with their (old) county and planning region."""

VILLAGES: Final = ReferenceTable("ct_villages.csv")
"""Boroughs and census designated places that are no town, with the town they lie in."""

FIRST_NAMES: Final = ReferenceTable("first_names.csv")
"""Common first names that are no everyday words, for masking free text."""

PLAIN_WORDS: Final = ReferenceTable("plain_words.csv")
"""Words of medicine, places, schools and work that name nobody, for letting free text stand."""
