"""Submissions table: one row per receipt of a dataset for a reporting period.

The object store and the ledger are the record; this table is the index the steps work from. Every
change of state is guarded by the state it starts from, so that a step run twice, or by two
workers at once, takes effect once.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    select,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from enclave.errors import EnclaveError, SubmissionNotFoundError
from governance.errors import ExitCode

_WRITES = "enclave_writes"
"""Execution option of the connections that change something."""


class SubmissionState(StrEnum):
    """Where a submission stands."""

    RECEIVED = "received"
    REFUSED = "refused"
    """Not taken: no agreement in force, period unknown, checksum wrong."""
    DUPLICATE = "duplicate"
    """The same file again; nothing was done with it."""
    REJECTED = "rejected"
    """Unreadable, or more rows failed than the agreement accepts."""
    PASSED = "passed"
    """De-identified and staged."""
    HELD = "held"
    """The agreement's risk gate stopped it."""
    LANDED = "landed"
    SUPERSEDED = "superseded"
    """A later revision of the same period replaced its rows."""
    FAILED = "failed"
    """A step kept failing until the raw file's last day; the file was destroyed unloaded."""


class StateError(EnclaveError):
    """A step was called for a submission that does not stand where the step begins."""

    code = "submission.wrong_state"
    exit_code = ExitCode.BAD_INPUT


class StoreError(EnclaveError):
    """The database of submissions did not answer."""

    code = "store.failed"
    retryable = True


class Base(DeclarativeBase):
    """Declarative base of the data plane's tables."""


class Submission(Base):
    """One submission; every field may be published to its agency, and none names its file.

    `subject` is the dataset or the agreement the drop was put under; `drop_mark` a keyed mark of
    its folder (`enclave.steps.custody`): names of files and folders carry people.

    `facts` is JSON of names, counts and ids: custody, dialect, validation report, risk, snapshot,
    quarantine and destruction; what the receipt is made of.
    """

    __tablename__ = "submissions"
    __table_args__ = (UniqueConstraint("drop_mark", "dataset"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    agency: Mapped[str] = mapped_column(index=True)
    dataset: Mapped[str]
    period: Mapped[str]
    revision: Mapped[int]
    state: Mapped[str]
    subject: Mapped[str]
    drop_mark: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    agreement_id: Mapped[str]
    agreement_version: Mapped[str]
    contract_version: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reported_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    raw_destroyed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=None)
    quarantine_destroyed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), default=None
    )
    rows_read: Mapped[int] = mapped_column(default=0)
    rows_landed: Mapped[int] = mapped_column(default=0)
    rows_quarantined: Mapped[int] = mapped_column(default=0)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    def summary(self) -> dict[str, str | int | None]:
        """Ids, counts and dates for lists and task returns."""
        return {
            "submission": self.id,
            "agency": self.agency,
            "dataset": self.dataset,
            "period": self.period,
            "revision": self.revision,
            "state": self.state,
            "rows_read": self.rows_read,
            "rows_landed": self.rows_landed,
            "rows_quarantined": self.rows_quarantined,
            "received_at": as_utc(self.received_at).isoformat(timespec="seconds"),
        }


def as_utc(instant: datetime) -> datetime:
    """SQLite forgets the zone; every instant in this table is UTC."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


class SubmissionStore:
    """Reads and guarded changes of submissions, on SQLite or PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, json_serializer=json.dumps)
        self._writing = self._engine.execution_options(**{_WRITES: True})
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _set_up_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)

    def create(self) -> None:
        """Create the tables that are missing."""
        with _named_errors():
            Base.metadata.create_all(self._writing)

    def close(self) -> None:
        """Return the connections."""
        self._engine.dispose()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def missing_tables(self) -> list[str]:
        """Tables the database should have and does not.

        Raises:
            StoreError: The database does not answer.
        """
        with _named_errors():
            there = set(inspect(self._engine).get_table_names())
        return sorted(set(Base.metadata.tables) - there)

    def outdated_tables(self) -> list[str]:
        """Tables of an earlier version of this software: with other columns than today's.

        Raises:
            StoreError: The database does not answer.
        """
        with _named_errors():
            inspector = inspect(self._engine)
            there = set(inspector.get_table_names())
            return sorted(
                name
                for name, table in Base.metadata.tables.items()
                if name in there
                and {column["name"] for column in inspector.get_columns(name)}
                != set(table.columns.keys())
            )

    @contextmanager
    def _session(self, *, writes: bool = False) -> Iterator[Session]:
        engine = self._writing if writes else self._engine
        with _named_errors(), Session(engine, expire_on_commit=False) as session:
            yield session

    def add(self, submission: Submission) -> bool:
        """Record a new submission; False when its drop was recorded already (a rerun)."""
        with self._session(writes=True) as session:
            session.add(submission)
            try:
                session.commit()
            except IntegrityError:
                return False
            return True

    def get(self, submission_id: str) -> Submission:
        """The submission of that id, or of a unique prefix of at least eight characters.

        Raises:
            SubmissionNotFoundError: None has it.
        """
        with self._session() as session:
            found = session.get(Submission, submission_id)
            if found is None and len(submission_id) >= 8:  # noqa: PLR2004  a prefix people can type
                starting = select(Submission).where(
                    Submission.id.startswith(submission_id, autoescape=True)
                )
                candidates = list(session.scalars(starting.limit(2)))
                found = candidates[0] if len(candidates) == 1 else None
        if found is None:
            message = "No submission has that id. `enclave submissions` lists them."
            raise SubmissionNotFoundError(message)
        return found

    def by_drop(self, drop_mark: str) -> list[Submission]:
        """Submissions already recorded for the drop of that mark."""
        marked = select(Submission).where(Submission.drop_mark == drop_mark)
        with self._session() as session:
            return list(session.scalars(marked))

    def list(
        self,
        *,
        agency: str | None = None,
        dataset: str | None = None,
        period: str | None = None,
        states: tuple[SubmissionState, ...] = (),
    ) -> list[Submission]:
        """Submissions, oldest first, narrowed by what is given."""
        query = select(Submission).order_by(Submission.received_at, Submission.id)
        if agency is not None:
            query = query.where(Submission.agency == agency)
        if dataset is not None:
            query = query.where(Submission.dataset == dataset)
        if period is not None:
            query = query.where(Submission.period == period)
        if states:
            query = query.where(Submission.state.in_(states))
        with self._session() as session:
            return list(session.scalars(query))

    def change(
        self,
        submission_id: str,
        *,
        expected: tuple[SubmissionState, ...],
        facts: Mapping[str, Any] | None = None,
        forget_facts: bool = False,
        **fields: object,
    ) -> Submission:
        """Change a submission that stands in one of `expected`.

        Args:
            submission_id: Which.
            expected: States it may stand in.
            facts: Merged into its facts.
            forget_facts: Whether the facts it had go first.
            fields: Columns to set.

        Raises:
            StateError: It stands elsewhere; nothing was changed.
            SubmissionNotFoundError: No such submission.
        """
        with self._session(writes=True) as session:
            found = session.get(Submission, submission_id, with_for_update=True)
            if found is None:
                message = "No submission has that id."
                raise SubmissionNotFoundError(message)
            if found.state not in expected:
                message = (
                    f"Submission {submission_id} is {found.state}; "
                    f"this step begins from {' or '.join(expected)}."
                )
                raise StateError(message, submission=submission_id, state=found.state)
            for name, value in fields.items():
                setattr(found, name, value)
            if facts is not None or forget_facts:
                found.facts = {**({} if forget_facts else found.facts), **(facts or {})}
            session.commit()
            return found


@contextmanager
def _named_errors() -> Iterator[None]:
    """Driver errors quote parameters; say only what kind of error it was."""
    try:
        yield
    except SQLAlchemyError as error:
        message = f"The database of submissions failed ({type(error).__name__})."
        raise StoreError(message) from None


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  DB-API object
    """Write-ahead log and full sync: a killed process loses no committed state."""
    connection.isolation_level = None  # the driver would begin too late, see `_begin_sqlite`
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """SQLite knows no row locks: who will write is alone from the first read on."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
