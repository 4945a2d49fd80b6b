"""Curated tables: encrypted Parquet files under a Delta Lake log, one atomic commit a submission.

Files lie at `{table}/{period}/r{revision}/{submission}/{n}.parquet`: a correction of a period
removes its earlier revision and adds itself in the same commit. The log carries names, counts and
provenance; file statistics (minima, maxima) are left out, because they are values out of rows.

Order of a landing, safe to repeat after a crash at any point:
1. a submission that is in the log already is left as it was committed;
2. staged files are copied to their final keys (invisible until committed);
3. the commit is made by compare-and-swap on the table's version.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads
from deltalake import DeltaTable
from deltalake import Schema as DeltaSchema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    RemoveAction,
    Transaction,
    create_table_with_add_actions,
)

from enclave.errors import LakeError, SchemaConflictError
from enclave.evidence import ClearedTable, ReceivedSubmission, Snapshot
from enclave.zones import Zone, Zones
from governance.agreements import DeliveryMode

_VERSION = "tableVersion"
_COMMIT_ATTEMPTS = 20
"""Concurrent landings into one table retry the compare-and-swap this often."""
_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class CommitFacts:
    """What the commit's metadata records beside the evidence."""

    contract_version: str
    delivery: DeliveryMode
    treatments: Mapping[str, str] = field(default_factory=dict)
    """Landed column to its treatment, in words that change when the treatment does."""


@dataclass(frozen=True, slots=True)
class TableState:
    """A curated table as of one version.

    Attributes:
        table: Name.
        version: Delta version.
        rows: Rows in live files.
        files: Live files, keys relative to the table.
        schema: Arrow schema.
        contract_version, plan_hash: Of the newest commit.
    """

    table: str
    version: int
    rows: int
    files: tuple[str, ...]
    schema: pa.Schema
    contract_version: str
    plan_hash: str

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot a query pins."""
        return Snapshot(self.table, self.version, self.contract_version, self.plan_hash)


def landed_key(cleared: ClearedTable, index: int) -> str:
    """Key, relative to the table, of the submission's `index`-th file."""
    received = cleared.table.received
    return f"{received.period}/r{received.revision}/{received.submission_id}/{index:04d}.parquet"


class Lake:
    """The curated zone's tables.

    Args:
        zones: The deployment's zones.
        decryption: Makes the dataset decryption configuration (from the adapters).
    """

    def __init__(self, zones: Zones, decryption: Callable[[], object]) -> None:
        self._zones = zones
        self._decryption = decryption

    def tables(self) -> list[str]:
        """Names of the tables that exist."""
        names = {
            info.key.split("/", 1)[0]
            for info in self._zones.store(Zone.CURATED).list()
            if "/_delta_log/" in info.key
        }
        return sorted(names)

    def state(self, table: str, version: int | None = None) -> TableState | None:
        """The table at `version` (or now); None when it was never committed to."""
        delta = self._open(table, version)
        return None if delta is None else _state_of(table, delta)

    def history(self, table: str) -> list[dict[str, Any]]:
        """Commits, newest first: version, time and the metadata `land` recorded."""
        delta = self._open(table)
        return [] if delta is None else _commits(delta)

    def dataset(
        self, table: str, columns: Sequence[str] | None = None, version: int | None = None
    ) -> pads.Dataset:
        """A pyarrow dataset over the table's live files, decrypting, at `version` (or now).

        The schema is explicit and holds `columns` only: a file's other columns are never touched.

        Raises:
            LakeError: No such table.
        """
        state = self.state(table, version)
        if state is None:
            message = f"There is no curated table {table}."
            raise LakeError(message, table=table)
        schema = state.schema
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns])
        return self.files_dataset(table, state.files, schema)

    def files_dataset(self, table: str, keys: Sequence[str], schema: pa.Schema) -> pads.Dataset:
        """The same over some of a table's files (keys relative to the table).

        Text that `schema` calls a dictionary is handed on as the files hold it, not spelled out.
        """
        return self._dataset_of(Zone.CURATED, [f"{table}/{key}" for key in keys], schema)

    def staged_dataset(self, keys: Sequence[str], schema: pa.Schema) -> pads.Dataset:
        """The same over staged files, for the risk measure before the commit."""
        return self._dataset_of(Zone.STAGING, keys, schema)

    def _dataset_of(self, zone: Zone, keys: Iterable[str], schema: pa.Schema) -> pads.Dataset:
        filesystem, base = self._zones.arrow(zone)
        coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        file_format = pads.ParquetFileFormat(
            read_options=pads.ParquetReadOptions(dictionary_columns=coded),
            default_fragment_scan_options=pads.ParquetFragmentScanOptions(
                decryption_config=self._decryption(), pre_buffer=True
            ),
        )
        paths = [f"{base}/{key}" for key in keys]
        if not paths:
            return pads.dataset(schema.empty_table())
        return pads.FileSystemDataset.from_paths(
            paths, schema=schema, format=file_format, filesystem=filesystem
        )

    def surviving_files(
        self, table: str, *, delivery: DeliveryMode, period: str, submission_id: str
    ) -> tuple[TableState | None, tuple[str, ...]]:
        """The table now, and its files that stay when a submission of `period` is committed.

        Args:
            table: The curated table.
            delivery: What a submission does to the table. Whatever the mode, a submission of a
                period replaces that period's earlier revisions: append means append of periods.
            period: Its reporting period.
            submission_id: Its id; its own files, if already there, are not counted as staying.
        """
        state = self.state(table)
        if state is None:
            return None, ()
        if delivery is DeliveryMode.FULL:
            return state, ()
        staying = tuple(
            key
            for key in state.files
            if not key.startswith(f"{period}/") and f"/{submission_id}/" not in key
        )
        return state, staying

    def later_revision(self, table: str, received: ReceivedSubmission) -> str | None:
        """The submission whose later revision of the same period was committed, if any.

        Told from the live files and from the log: a correction without a row has no file. None
        when the table already has a commit of `received` itself: landing it again is a rerun.
        """
        state = self.state(table)
        if state is None:
            return None
        later: list[tuple[int, str]] = []
        for key in state.files:
            period, named, owner, _ = key.split("/")
            if period == received.period:
                later.append((int(named[1:]), owner))
        for commit in self.history(table):
            if commit.get("submission") == received.submission_id:
                return None
            if commit.get("period") == received.period:
                later.append((int(commit["revision"]), str(commit["submission"])))
        revision, submission_id = max(later, default=(0, ""))
        return submission_id if revision > received.revision else None

    def newest_submission(self, table: str) -> str | None:
        """The submission of the newest commit, also where it brought no row; None for no table."""
        return next((str(c["submission"]) for c in self.history(table) if "submission" in c), None)

    def is_committed(self, table: str, submission_id: str) -> bool:
        """Whether the log has a commit of this submission, replaced since or not."""
        return self._committed(table, submission_id) is not None

    def schema_conflicts(self, table: str, schema: pa.Schema) -> tuple[str, ...]:
        """Columns of the table that `schema` drops or gives another type; additions are none.

        A change that is not additive belongs in a new table: what landed keeps its meaning.
        """
        state = self.state(table)
        if state is None:
            return ()
        coming = _as_stored(schema)
        return tuple(
            field.name
            for field in state.schema
            if field.name not in coming.names or coming.field(field.name).type != field.type
        )

    def treatment_conflicts(self, table: str, treatments: Mapping[str, str]) -> tuple[str, ...]:
        """Columns whose landed rows were treated otherwise than `treatments` says.

        Rows treated two ways do not belong side by side: the looser ones would stand unnoticed.
        """
        for commit in self.history(table):
            landed: dict[str, str] = json.loads(commit.get("treatments", "{}"))
            if landed:
                return tuple(n for n in landed if treatments.get(n, landed[n]) != landed[n])
        return ()

    def land(
        self, cleared: ClearedTable, *, table: str, schema: pa.Schema, facts: CommitFacts
    ) -> tuple[Snapshot, tuple[str, ...]]:
        """Commit the cleared table; one atomic, idempotent commit.

        Returns:
            The snapshot, and the ids of submissions whose rows this commit replaced.

        Raises:
            SchemaConflictError: The table has columns that `schema` drops or changes.
            LakeError: The commit kept losing to concurrent ones, or the store failed.
        """
        if conflicts := self.schema_conflicts(table, schema):
            raise SchemaConflictError(table, conflicts)
        deidentified = cleared.table
        received = deidentified.received
        # Before the copy: what a commit names must not be overwritten by what is staged now.
        if (landed := self._committed(table, received.submission_id)) is not None:
            return landed
        keys = [landed_key(cleared, index) for index in range(len(deidentified.files))]
        for staged, key in zip(deidentified.files, keys, strict=True):
            self._zones.transfer(Zone.STAGING, staged.object_key, Zone.CURATED, f"{table}/{key}")
        adds = [
            _add_action(key, staged.size_bytes, staged.rows)
            for staged, key in zip(deidentified.files, keys, strict=True)
        ]
        for attempt in range(_COMMIT_ATTEMPTS):
            if attempt:
                time.sleep(_pause_seconds(attempt))
            state, staying = self.surviving_files(
                table,
                delivery=facts.delivery,
                period=received.period,
                submission_id=received.submission_id,
            )
            if state is not None and not self._widen(table, state, schema):
                continue
            live = () if state is None else state.files
            replaced = tuple(key for key in live if key not in staying and key not in keys)
            superseded = tuple(sorted({key.split("/")[2] for key in replaced}))
            committed = None if state is None else self._committed(table, received.submission_id)
            if committed is not None:
                return committed
            metadata = _commit_metadata(cleared, facts, superseded)
            try:
                version = self._commit(
                    table,
                    state=state,
                    schema=schema,
                    adds=adds,
                    replaced=replaced,
                    metadata=metadata,
                )
            except DeltaError:
                continue
            snapshot = Snapshot(table, version, facts.contract_version, deidentified.plan_hash)
            return snapshot, superseded
        message = f"The commit to {table} kept losing to other commits; run the step again."
        raise LakeError(message, table=table)

    def _widen(self, table: str, state: TableState, schema: pa.Schema) -> bool:
        """Add the columns the table lacks, null in what landed before; whether there were none."""
        added = [
            field
            for field in DeltaSchema.from_arrow(schema).fields
            if field.name not in state.schema.names
        ]
        if not added:
            return True
        uri, options = self._zones.delta(Zone.CURATED, table)
        delta = DeltaTable(uri, version=state.version, storage_options=dict(options))
        with suppress(DeltaError):
            delta.alter.add_columns(added, commit_properties=CommitProperties(max_commit_retries=0))
        return False

    def _committed(self, table: str, submission_id: str) -> tuple[Snapshot, tuple[str, ...]] | None:
        """The commit that landed this submission, if the log has it."""
        for entry in self.history(table):
            if entry.get("submission") == submission_id:
                superseded = tuple(json.loads(entry.get("superseded", "[]")))
                snapshot = Snapshot(
                    table, int(entry["version"]), entry["contractVersion"], entry["planHash"]
                )
                return snapshot, superseded
        return None

    def _commit(
        self,
        table: str,
        *,
        state: TableState | None,
        schema: pa.Schema,
        adds: list[AddAction],
        replaced: tuple[str, ...],
        metadata: dict[str, str],
    ) -> int:
        uri, options = self._zones.delta(Zone.CURATED, table)
        version = 0 if state is None else state.version + 1
        properties = CommitProperties(
            custom_metadata={**metadata, _VERSION: str(version)},
            max_commit_retries=0,
            app_transactions=[Transaction(f"submission/{metadata['submission']}", 1)],
        )
        if state is None:
            create_table_with_add_actions(
                uri,
                DeltaSchema.from_arrow(schema),
                adds,
                mode="error",
                name=table,
                storage_options=dict(options),
                commit_properties=properties,
            )
            return version
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        removes = [RemoveAction(key, True, now_ms) for key in replaced]  # noqa: FBT003  Delta's data_change
        delta = DeltaTable(uri, version=state.version, storage_options=dict(options))
        delta.create_write_transaction(
            [*adds, *removes],
            mode="append",
            schema=DeltaSchema.from_arrow(schema),
            commit_properties=properties,
        )
        return version

    def _open(self, table: str, version: int | None = None) -> DeltaTable | None:
        uri, options = self._zones.delta(Zone.CURATED, table)
        try:
            return DeltaTable(uri, version=version, storage_options=dict(options))
        except TableNotFoundError:
            return None


def _pause_seconds(attempt: int) -> float:
    """Up to twice as long each time, and at random: who lost together does not come back so."""
    longest = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * (1 << attempt))
    return longest * (0.5 + secrets.randbelow(1000) / 2000)


def _as_stored(schema: pa.Schema) -> pa.Schema:
    """The schema as the Delta log gives it back."""
    return pa.schema(DeltaSchema.from_arrow(schema).to_arrow())


def _commits(delta: DeltaTable) -> list[dict[str, Any]]:
    """Our commits, newest first, with the versions they recorded themselves.

    deltalake counts versions down from the opened one over the commits that are there by now, so
    its own numbers are wrong for an older version and whenever another commit came in between.
    """
    return [
        {**entry, "version": int(entry[_VERSION])} for entry in delta.history() if _VERSION in entry
    ]


def _state_of(table: str, delta: DeltaTable) -> TableState:
    actions = pa.table(delta.get_add_actions(flatten=True))
    newest = next((c for c in _commits(delta) if c["version"] <= delta.version()), {})
    counts = actions.column("num_records").to_pylist() if actions.num_rows else []
    return TableState(
        table=table,
        version=delta.version(),
        rows=sum(counts),
        files=tuple(sorted(actions.column("path").to_pylist())) if actions.num_rows else (),
        schema=pa.schema(delta.schema().to_arrow()),
        contract_version=newest.get("contractVersion", ""),
        plan_hash=newest.get("planHash", ""),
    )


def _add_action(key: str, size_bytes: int, rows: int) -> AddAction:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    return AddAction(key, size_bytes, {}, now_ms, True, json.dumps({"numRecords": rows}))  # noqa: FBT003


def _commit_metadata(
    cleared: ClearedTable, facts: CommitFacts, superseded: Sequence[str]
) -> dict[str, str]:
    received = cleared.table.received
    return {
        "submission": received.submission_id,
        "period": received.period,
        "revision": str(received.revision),
        "delivery": facts.delivery.value,
        "agreement": received.agreement_id,
        "agreementVersion": received.agreement_version,
        "contractVersion": facts.contract_version,
        "planHash": cleared.table.plan_hash,
        "codeVersion": cleared.table.code_version,
        "treatments": json.dumps(dict(facts.treatments), sort_keys=True),
        "superseded": json.dumps(list(superseded)),
    }
