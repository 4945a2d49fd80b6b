"""Checks of a deployment: each says what it saw and what to mend; `mend` does what is safe."""

import stat
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from enclave.adapters.keyring import WRAPPING_KEY_FILE
from enclave.deployment import DATABASE, SPILL, Deployment, open_deployment
from enclave.settings import SETTINGS_FILE
from enclave.steps.custody import mark_of_drop
from enclave.steps.failing import clock_start
from enclave.steps.feed import open_feed
from enclave.steps.report import raw_file_due_on
from enclave.zones import Zone
from governance.agreements.parse import check_agreements
from governance.contracts.parse import check_contracts
from governance.errors import ProgrammeError

_UNREPORTED_AFTER = timedelta(days=7)
"""A drop that waits longer than this needs somebody."""

_MOST_TOLD = 20

_LANDED_DEPTH = 4
"""Parts of a landed file's key: agency, dataset or agreement, drop, file."""

_PRIVATE = 0o077


@dataclass(frozen=True, slots=True)
class Check:
    """One check's outcome.

    Attributes:
        name: What was looked at.
        healthy: Whether it is as it should be.
        detail: What was seen.
        remedy: What to do when it is not.
    """

    name: str
    healthy: bool
    detail: str
    remedy: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


def examine(home: Path | None) -> list[Check]:
    """Run every check; one that breaks is reported, the others still run."""
    try:
        deployment = open_deployment(home)
    except ProgrammeError as error:
        remedy = "Mend what the message names; `enclave init DIR` makes a new deployment."
        return [Check("deployment", healthy=False, detail=error.message, remedy=remedy)]
    checks = [Check("deployment", healthy=True, detail=f"opens at {deployment.home}")]
    examinations: tuple[tuple[str, Callable[[Deployment], Check]], ...] = (
        ("permissions", _permissions),
        ("key ring", _key_ring),
        ("zones", _zones),
        ("database", _database),
        ("contracts", _contracts),
        ("agreements", _agreements),
        ("terms", _terms),
        ("submissions", _submissions),
        ("landing", _landing),
        ("spill", _spill),
        ("ledger", _ledger),
        ("event feed", _feed),
    )
    for name, look in examinations:
        try:
            checks.append(look(deployment))
        except Exception as error:  # noqa: BLE001  a broken part must not hide the others
            detail = error.message if isinstance(error, ProgrammeError) else type(error).__name__
            remedy = "Mend what the message names, then run `enclave doctor` again."
            checks.append(Check(name, healthy=False, detail=detail, remedy=remedy))
    return checks


def mend(home: Path | None) -> list[str]:
    """Mend what is safe to mend: permissions, and tables missing in the database.

    Returns:
        What was done, one sentence each.

    Raises:
        ConfigurationError: The deployment does not open; that needs hands.
    """
    deployment = open_deployment(home)
    done = []
    for path in _open_to_others(deployment):
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_PRIVATE)
        done.append(f"{path.name} is private now.")
    missing = deployment.store.missing_tables()
    if missing:
        deployment.store.create()
        done.append(f"The tables {', '.join(missing)} were made, empty.")
    return done


def _open_to_others(deployment: Deployment) -> list[Path]:
    """What must be its owner's alone and is not."""
    home, wrapping_key = deployment.home, deployment.home / WRAPPING_KEY_FILE
    private = (home, home / SETTINGS_FILE, home / DATABASE, wrapping_key.parent, wrapping_key)
    return [
        path for path in private if path.exists() and stat.S_IMODE(path.stat().st_mode) & _PRIVATE
    ]


def _permissions(deployment: Deployment) -> Check:
    names = [path.name for path in _open_to_others(deployment)]
    return Check(
        "permissions",
        healthy=not names,
        detail=f"open to others: {', '.join(names)}" if names else "private",
        remedy="`enclave doctor --mend` takes others' rights away; find out who had a look.",
    )


def _key_ring(deployment: Deployment) -> Check:
    key = deployment.ring.current("staging", "doctor")
    return Check("key ring", healthy=len(key.material) == 32, detail=f"opens ({key.id})")  # noqa: PLR2004  256 bits


def _zones(deployment: Deployment) -> Check:
    """Each zone can be written; the policy zone, which others write, read."""
    for zone in Zone:
        store = deployment.zones.store(zone)
        if zone is Zone.POLICY:
            next(store.list("grants/"), None)
            continue
        store.put("doctor/probe", b"probe")
        store.delete("doctor/probe")
    return Check("zones", healthy=True, detail=f"{len(Zone)} zones, {deployment.settings.storage}")


def _feed(deployment: Deployment) -> Check:
    """The control plane can be told what happens, and what it was told is what we said."""
    policy = deployment.zones.store(Zone.POLICY)
    policy.put("feed/doctor/probe", b"probe")
    policy.delete("feed/doctor/probe")
    reading = open_feed(deployment).verify(deployment.ledger.keys)
    if reading.stop is not None:
        return Check(
            "event feed",
            healthy=False,
            detail=reading.stop.reason,
            remedy="`enclave feed publish` puts back our own; find out who writes the policy zone.",
        )
    through = reading.position.through
    detail = f"{len(reading.batches)} batches, to entry {through}"
    return Check("event feed", healthy=True, detail=detail)


def _database(deployment: Deployment) -> Check:
    dialect = deployment.store.dialect
    missing = deployment.store.missing_tables()
    if missing:
        return Check(
            "database",
            healthy=False,
            detail=f"{dialect}, without its tables {', '.join(missing)}",
            remedy="Restore the backup; or `enclave doctor --mend` makes empty ones, and the next "
            "load receives what still lies in the landing zone anew, without landing it twice.",
        )
    outdated = deployment.store.outdated_tables()
    if outdated:
        return Check(
            "database",
            healthy=False,
            detail=f"{dialect}, with {', '.join(outdated)} of an earlier version",
            remedy="Destroy the old database (it may hold names of files); `enclave doctor --mend` "
            "makes an empty one, and the next load receives what lies in the landing zone anew.",
        )
    count = len(deployment.store.list())
    return Check("database", healthy=True, detail=f"{dialect}, {count} submissions")


def _contracts(deployment: Deployment) -> Check:
    problems = check_contracts([deployment.schemas / "datasets"])
    return Check(
        "contracts",
        healthy=not problems,
        detail="; ".join(problems[:5]) or f"{len(deployment.contracts)} contracts agree",
        remedy="`enclave contract check` lists every problem.",
    )


def _agreements(deployment: Deployment) -> Check:
    problems = check_agreements([deployment.schemas / "agreements"], deployment.contracts)
    return Check(
        "agreements",
        healthy=not problems,
        detail="; ".join(problems[:5]) or f"{len(deployment.agreements)} agreements agree",
        remedy="`enclave agreement check` lists every problem.",
    )


def _terms(deployment: Deployment) -> Check:
    today = deployment.today()
    ended = [a.id for a in deployment.agreements.values() if not a.in_force(today)]
    return Check(
        "terms",
        healthy=not ended,
        detail=f"not in force: {', '.join(ended)}" if ended else "every agreement is in force",
        remedy="Renew the agreement, or take its YAML out; its steps refuse until then.",
    )


def _submissions(deployment: Deployment) -> Check:
    """Submissions whose step failed, with the day their raw file goes; files past their day."""
    today, told = deployment.today(), []
    for submission in deployment.store.list():
        agreement = deployment.agreements.get(submission.agreement_id)
        if agreement is None or submission.raw_destroyed_at is not None:
            continue
        due_on, name = raw_file_due_on(agreement, clock_start(submission)), submission.id[:8]
        failed = submission.facts.get("failed")
        if due_on < today:
            told.append(f"{name}: its raw file was due on {due_on}")
        elif failed and submission.reported_at is None:
            told.append(f"{name}: {failed['step']}, {failed['code']}, raw file goes on {due_on}")
    return Check(
        "submissions",
        healthy=not told,
        detail="; ".join(told[:_MOST_TOLD]) or "no step of any failed",
        remedy="Mend what the code names, then `enclave load SUBMISSION` before that day; what is "
        "past its day goes with the next run of the retention DAG.",
    )


def _landing(deployment: Deployment) -> Check:
    """Raw files that no clock will destroy: under no known feed, or never received."""
    overdue = deployment.now() - _UNREPORTED_AFTER
    submissions = deployment.store.list()
    clocked = {s.drop_mark for s in submissions if s.agreement_id in deployment.agreements}
    known = {
        f"{agreement.agency}/{subject}"
        for agreement in deployment.agreements.values()
        for subject in (agreement.id, *(terms.dataset for terms in agreement.datasets))
    }
    received = {s.drop_mark for s in submissions}
    strays = 0
    for info in deployment.zones.store(Zone.LANDING).list():
        parts = info.key.split("/")
        if len(parts) != _LANDED_DEPTH or "/".join(parts[:2]) not in known:
            strays += 1
            continue
        mark = mark_of_drop(deployment, "/".join(parts[:3]))
        waits = mark not in received and info.modified_at > overdue
        strays += not (mark in clocked or waits)
    return Check(
        "landing",
        healthy=not strays,
        detail=f"{strays} files without a clock" if strays else "every file has its clock",
        remedy="List the landing zone: files under no known dataset, drops never received, "
        "submissions under an agreement that was taken out. Load or destroy them.",
    )


def _spill(deployment: Deployment) -> Check:
    folder = deployment.home / SPILL
    left = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return Check(
        "spill",
        healthy=not left,
        detail=f"{len(left)} folder{'s' * (len(left) != 1)} left by interrupted runs"
        if left
        else "empty",
        remedy=f"When no load is running, remove what lies in {folder} (it is encrypted).",
    )


def _ledger(deployment: Deployment) -> Check:
    report = deployment.ledger.verify()
    return Check(
        "ledger",
        healthy=report.verified,
        detail=f"{report.entries} entries, {len(report.problems)} problems",
        remedy="`enclave ledger verify` names the entries; restore them from outside checkpoints.",
    )
