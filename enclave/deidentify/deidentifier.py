"""Carries out a plan, batch by batch: identity goes in, ids and coarse values come out.

Steps of one batch, each repeated at its code:
1. The identifying columns are normalized; a row without an identity is refused (the caller sends
   such rows to quarantine first, see `missing_identity`).
2. The crosswalk gives each person's random id.
3. The landed id is that id under the linkage scope's key (a keyed bijection).
4. Every other column gets its treatment; free text is masked with the row's own identity at hand.
"""

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from enclave.batches import CheckedBatch
from enclave.deidentify.crosswalk import Crosswalk
from enclave.deidentify.dates import SHIFT_KEY_PURPOSE, person_shifts, shift_dates
from enclave.deidentify.normalize import normalize
from enclave.deidentify.plan import (
    ColumnPlan,
    DeidentificationPlan,
)
from enclave.deidentify.plan_rules import DEFAULT_MAX_SHIFT_DAYS
from enclave.deidentify.pseudonyms import (
    Blocks,
    MissingIdentityError,
    derive_subkey,
    encipher_blocks,
)
from enclave.deidentify.text import RedactionUnavailableError, Redactor, redact_column
from enclave.deidentify.treatments import blocks_to_array, entity_pseudonyms, treat
from enclave.errors import EvidenceError
from enclave.keys import KeyId, KeyRing
from governance.contracts.model import IdentifierRole, TreatmentKind

PERSON_KEY_PURPOSE: Final = "person-scope"
ENTITY_KEY_PURPOSE: Final = "entity-scope"

_LOSSY: Final = frozenset(
    {
        TreatmentKind.AGE_BAND,
        TreatmentKind.ZIP3,
        TreatmentKind.TOWN_TO_REGION,
        TreatmentKind.TOP_BOTTOM_CODE,
    }
)
"""Treatments that may find no place for a value."""


class Deidentifier:
    """A plan with the keys and the crosswalk it needs; safe for several threads.

    Args:
        plan: What to do.
        crosswalk: Of the plan's agency and person domain, entered; None for a dataset about no
            person.
        ring: Holds the linkage scope's keys.
        redactor: Masks free text; needed when the plan has any.
        received_on: Legal date the submission was received: ages are reckoned in its year, also
            when the submission is de-identified again later. Needed when the plan has an
            `oldest_age`.

    Raises:
        EvidenceError: The crosswalk is missing or another dataset's, or the date is missing.
        RedactionUnavailableError: The plan has free text and there is no redactor.
    """

    def __init__(
        self,
        plan: DeidentificationPlan,
        crosswalk: Crosswalk | None,
        ring: KeyRing,
        redactor: Redactor | None = None,
        *,
        received_on: date | None = None,
    ) -> None:
        _check_crosswalk(plan, crosswalk)
        if plan.needs_redactor and redactor is None:
            raise RedactionUnavailableError("free text cannot be masked: there is no redactor")
        if plan.needs_reference and received_on is None:
            raise EvidenceError("the plan reckons ages, and no date was given", table=plan.table)
        self.plan = plan
        self._reference_year = None if received_on is None else received_on.year
        self._crosswalk = crosswalk
        self._redactor = redactor
        self._unmapped: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._key_ids: list[KeyId] = []
        self._keys = _Keys(plan, ring, self._key_ids)

    @property
    def key_ids(self) -> tuple[KeyId, ...]:
        """Keys the landed ids depend on, for the commit's metadata."""
        return tuple(self._key_ids)

    @property
    def unmapped(self) -> Mapping[str, int]:
        """Per landed column, values that could not be mapped and became null. Counts only."""
        with self._lock:
            return dict(self._unmapped)

    def missing_identity(self, typed: pa.RecordBatch) -> pa.BooleanArray:
        """Which rows have no usable identity (empty, or a placeholder such as 999-99-9999).

        Args:
            typed: Parsed rows, contract names.
        """
        missing = pa.repeat(pa.scalar(value=False), typed.num_rows)
        for column in self._identity(typed).columns:
            if column.null_count:
                missing = pc.or_(missing, column.is_null())
        return missing

    def apply(self, batch: CheckedBatch) -> pa.RecordBatch:
        """The batch without identity, in `plan.output_schema`; rows keep their order.

        Raises:
            MissingIdentityError: A row has no identity.
            RedactionUnavailableError: Free text could not be masked.
        """
        typed = batch.typed
        columns: list[pa.Array] = []
        random_ids: Blocks | None = None
        if self._crosswalk is not None:
            # 1., 2. Normalize, look up.
            random_ids = self._crosswalk.resolve(self._checked_identity(typed))
            # 3. The id that lands.
            columns.append(blocks_to_array(encipher_blocks(self._keys.person, random_ids)))
        # 4. Everything else.
        columns += [self._treated(column, typed, random_ids) for column in self.plan.landed]
        return pa.RecordBatch.from_arrays(columns, schema=self.plan.output_schema)

    def _identity(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        """Normalized identifying columns; null where a row has no identity."""
        parts = self.plan.person.parts if self.plan.person is not None else ()
        arrays = [normalize(typed.column(part.column), part.normalizer) for part in parts]
        return pa.RecordBatch.from_arrays(arrays, names=[part.column for part in parts])

    def _checked_identity(self, typed: pa.RecordBatch) -> pa.RecordBatch:
        identity = self._identity(typed)
        missing = max((column.null_count for column in identity.columns), default=0)
        if missing:
            raise MissingIdentityError("rows without an identity", rows=missing)
        return identity

    def _treated(
        self, column: ColumnPlan, typed: pa.RecordBatch, random_ids: Blocks | None
    ) -> pa.Array:
        values = typed.column(column.name)
        kind = column.treatment.kind
        if kind is TreatmentKind.ENTITY_ID:
            return entity_pseudonyms(values, self._keys.entity[column.name])
        if kind is TreatmentKind.DATE_SHIFT and random_ids is not None:
            days = column.treatment.options.get("max_days", DEFAULT_MAX_SHIFT_DAYS)
            return shift_dates(values, person_shifts(self._keys.shift, random_ids, int(str(days))))
        if kind is TreatmentKind.REDACT_TEXT and self._redactor is not None:
            return redact_column(values, self._own_columns(column, typed), self._redactor)
        treated = treat(values, column.treatment, self._reference_year)
        if kind in _LOSSY and treated.null_count > values.null_count:
            with self._lock:
                self._unmapped[column.name] += treated.null_count - values.null_count
        return treated

    def _own_columns(self, column: ColumnPlan, typed: pa.RecordBatch) -> list[pa.Array]:
        """Columns whose words are masked in the row's text: those named, and all that identify."""
        named = column.treatment.options.get("mask_columns", ())
        names = dict.fromkeys(named if isinstance(named, tuple) else ())
        parts = self.plan.person.parts if self.plan.person is not None else ()
        names |= dict.fromkeys(part.column for part in parts)
        names |= dict.fromkeys(c.name for c in self.plan.columns if c.role is IdentifierRole.DIRECT)
        return [typed.column(name) for name in names if name != column.name]


class _Keys:
    """Subkeys of the linkage scope, made once."""

    def __init__(self, plan: DeidentificationPlan, ring: KeyRing, used: list[KeyId]) -> None:
        def subkey(purpose: str, context: str) -> bytes:
            key = ring.current(purpose, plan.linkage_scope)
            if key.id not in used:
                used.append(key.id)
            return derive_subkey(key, label=purpose, context=context)

        kinds = {column.treatment.kind for column in plan.columns}
        self.person = b""
        self.shift = b""
        if plan.person is not None:
            self.person = subkey(PERSON_KEY_PURPOSE, plan.linkage_scope)
        if TreatmentKind.DATE_SHIFT in kinds:
            self.shift = subkey(SHIFT_KEY_PURPOSE, plan.linkage_scope)
        self.entity = {
            column.name: subkey(
                ENTITY_KEY_PURPOSE,
                f"{plan.linkage_scope}/{column.treatment.options['domain']}",
            )
            for column in plan.columns
            if column.treatment.kind is TreatmentKind.ENTITY_ID
        }


def _check_crosswalk(plan: DeidentificationPlan, crosswalk: Crosswalk | None) -> None:
    """The crosswalk must be the plan's own.

    Raises:
        EvidenceError: It is missing, superfluous or another's.
    """
    wanted = (plan.agency, plan.person.domain) if plan.person is not None else None
    given = (crosswalk.agency, crosswalk.domain) if crosswalk is not None else None
    if wanted != given:
        raise EvidenceError("the crosswalk is not the one this plan needs", table=plan.table)
