"""Ask a question: who asks, under which verified grant, and what may leave.

Order: root, people, bundle are verified; the chain is judged today; the SQL is bound, run in a
locked-down process, and passes disclosure control, all of it watched: what is published meanwhile
counts at once. The ledger learns of the answer or the denial before anybody sees it.
"""

import getpass
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cached_property

from enclave.adapters.duckdb_engine import QueryLimits, SubprocessRunner
from enclave.deidentify.categories import Category, categories
from enclave.deidentify.plan_rules import treatment_of
from enclave.deployment import Deployment
from enclave.errors import QueryStoppedError
from enclave.evidence import ReleasedAnswer, Snapshot
from enclave.query import Judged, PolicyWatch, SeenVersions, answer, judge
from enclave.steps.signed_in import PINNED_ROOT, TRUST, verified_people
from enclave.zones import Zone
from governance.agreements import DisclosureRule
from governance.canonical import Json
from governance.decisions import AccessDeniedError, Decision, Denial
from governance.errors import ConfigurationError, ProgrammeError
from governance.grants import BundleRefusedError
from governance.grants.bundle import VerifiedBundle, verify_bundle
from governance.grants.publish import (
    fetch_bundle,
    has_bundle,
    published_marks,
)
from governance.grants.root import Root, pin_root
from governance.signing import Envelope


def trust_root(deployment: Deployment, root: bytes) -> Root:
    """Pin the root this data plane trusts: handed over in person, once.

    Raises:
        ConfigurationError: Another root is pinned already; rotation goes through the root itself.
        BundleRefusedError: It is no root, or its own keys did not sign it.
    """
    pinned = pin_root(Envelope.from_json(root))
    path = deployment.home / TRUST / PINNED_ROOT
    if path.exists() and path.read_bytes() != root:
        message = "Another root is pinned. A new root is published, signed by the old one's keys."
        raise ConfigurationError(message)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    part.touch(mode=0o600)
    part.write_bytes(root)
    part.replace(path)
    return pinned


def ask(deployment: Deployment, *, project: str, sql: str, totals: bool = False) -> ReleasedAnswer:
    """Answer the question of the operating-system user who runs this, or refuse it.

    Args:
        deployment: Where.
        project: The project whose grant it is asked under.
        sql: One SELECT of aggregates.
        totals: Whether to show totals too.

    Raises:
        AccessDeniedError: Refused, with every reason, clause and remedy.
        QueryStoppedError: Its grant was taken back or changed while it ran.
        BundleRefusedError: Root, people mapping or grant does not verify.
        QueryError: Out of time or memory.
        ConfigurationError: No root is trusted yet.
    """
    running = _Running(deployment, project, sql, totals=totals)
    person, bundle = running.person, running.bundle
    facts: dict[str, Json] = {"version": bundle.bundle.version, "person": person}
    subject = f"project/{project}"
    try:
        released = answer(
            sql,
            bundle=bundle,
            person_id=person,
            contracts=deployment.contracts,
            rules=running.rules,
            snapshots=running.snapshots,
            runner=_runner(deployment, running.watch.check),
            today=running.today,
            tie_key=deployment.ring.current("disclosure-ties", "enclave").material,
            categories=_categories(deployment),
            totals=totals,
            watch=running.watch,
            control_seconds=deployment.settings.disclosure_seconds,
        )
    except QueryStoppedError as stopped:
        rules = ",".join(sorted({denial.rule for denial in stopped.decision.denials}))
        newer: dict[str, Json] = {"newer_version": running.newest, "rules": rules}
        deployment.ledger.append("query:stopped", subject, {**facts, **newer})
        raise
    except AccessDeniedError as refusal:
        rules = ",".join(sorted({denial.rule for denial in refusal.decision.denials}))
        deployment.ledger.append("query:denied", subject, {**facts, "rules": rules})
        raise
    except ProgrammeError as error:  # also: no disclosure rule, a table that cannot be read
        deployment.ledger.append("query:failed", subject, {**facts, "code": error.code})
        raise
    receipt = json.loads(json.dumps(dict(released.receipt)))
    deployment.ledger.append("query:answered", subject, {**facts, "receipt": receipt})
    return released


class _Running:
    """A question while it runs: what it was judged by, and how it is judged again.

    Attributes:
        person, bundle, today: What it was judged by.
        newest: Version of the newest bundle that was verified meanwhile.
        watch: To be told while it runs.
    """

    def __init__(self, deployment: Deployment, project: str, sql: str, *, totals: bool) -> None:
        """Identify who asks, and remember what is published at that moment.

        Raises:
            AccessDeniedError: The account is mapped to nobody today.
            BundleRefusedError: Root, people mapping or grant does not verify.
        """
        self._deployment, self._project = deployment, project
        self._sql, self._totals = sql, totals
        self.watch = PolicyWatch(self._look, self._judge_again)  # before: nothing is missed
        self.person, self.bundle = identify(deployment, project)
        self.newest = self.bundle.bundle.version
        self.today = deployment.today()
        self._meaning: str | None = None

    @cached_property
    def rules(self) -> dict[str, DisclosureRule]:
        """Disclosure rules, as they were first asked for."""
        return _rules(self._deployment)

    @cached_property
    def snapshots(self) -> dict[str, Snapshot]:
        """Pinned when they are first asked for."""
        return _snapshots(self._deployment, self.bundle)

    def _look(self) -> object:
        """Etags of the documents it is judged by."""
        policy = self._deployment.zones.store(Zone.POLICY)
        return published_marks(policy, self._project)

    def _judge_again(self) -> None:
        """Judge by what is published now.

        Raises:
            QueryStoppedError: It would be refused now, or would be another question.
        """
        try:
            person, bundle = identify(self._deployment, self._project, is_asked=False)
        except BundleRefusedError as refusal:
            raise QueryStoppedError(_stopped_by(refusal.rule, refusal.reason)) from None
        except AccessDeniedError as refusal:
            raise QueryStoppedError(refusal.decision) from None
        self.newest = bundle.bundle.version
        if person != self.person:
            raise QueryStoppedError(_stopped_by("person.mapped", "The sign-in is another person's"))
        if (bundle.digest, self._deployment.today()) == (self.bundle.digest, self.today):
            return
        again = self._judge(bundle, self._deployment.today())
        if not again.decision.permitted:
            raise QueryStoppedError(again.decision)
        if self._meaning is None:
            self._meaning = self._judge(self.bundle, self.today).meaning
        if again.meaning != self._meaning:
            reason = f"The grant of {self._project} was changed while the query ran"
            raise QueryStoppedError(_stopped_by("grant.changed", reason))

    def _judge(self, bundle: VerifiedBundle, today: date) -> Judged:
        return judge(
            self._sql,
            bundle=bundle,
            person_id=self.person,
            contracts=self._deployment.contracts,
            rules=self.rules,
            snapshots=self.snapshots,
            runner=_runner(self._deployment),
            today=today,
            totals=self._totals,
        )


def _stopped_by(rule: str, reason: str) -> Decision:
    denial = Denial(
        rule=rule,
        reason=f"{reason.rstrip('.')}: the query was stopped, nothing left.",
        remedy="Ask again: the query is judged by what is published now.",
        clause="Access chain, judged while a query runs",
    )
    return Decision((rule,), (denial,))


def identify(
    deployment: Deployment, project: str, *, is_asked: bool = True
) -> tuple[str, VerifiedBundle]:
    """The person behind this process, and the project's verified grant.

    A root, people mapping or grant older than one seen before is refused: whoever can delete the
    newest root in the policy zone could bring a withdrawn signer's key back.

    Args:
        deployment: Where.
        project: Under whose grant.
        is_asked: Whether a refusal is a denied query for the ledger; not while one runs already.

    Raises:
        AccessDeniedError: The account is mapped to nobody today.
        BundleRefusedError: Root, people mapping or grant does not verify, or went back.
    """
    policy = deployment.zones.store(Zone.POLICY)
    seen = SeenVersions(deployment.zones.store(Zone.LEDGER))
    now = deployment.now()
    # The ledger is public: what was typed is a project's id only where there is a grant of it.
    subject = f"project/{project}" if has_bundle(policy, project) else "project/unknown"
    try:
        root, people = verified_people(deployment, seen)
        envelope = fetch_bundle(policy, project)
        version, digest = seen.last(f"grants/{project}")
        bundle = verify_bundle(
            envelope,
            root,
            now,
            version,
            project=project,
            last_seen_digest=digest,
        )
        seen.record(f"grants/{project}", bundle.bundle.version, bundle.digest)
    except BundleRefusedError as refusal:
        if is_asked:
            deployment.ledger.append("query:denied", subject, {"rules": refusal.rule})
        raise
    person = people.person_of(getpass.getuser(), deployment.today())
    if person is None:
        if is_asked:
            deployment.ledger.append("query:denied", subject, {"rules": "person.mapped"})
        denial = Denial(
            rule="person.mapped",
            reason="This sign-in is mapped to no person of the programme today.",
            remedy="The operator publishes a people mapping that names it.",
            clause="Access chain: person",
        )
        raise AccessDeniedError(Decision(("person.mapped",), (denial,)))
    return person, bundle


def _rules(deployment: Deployment) -> dict[str, DisclosureRule]:
    """Disclosure rule of every dataset that has an agreement."""
    rules = {}
    for contract in deployment.contracts.values():
        found = deployment.terms_of(contract.agency, contract.dataset)
        if found is not None:
            agreement, terms = found
            clause = f"{agreement.id} §{terms.disclosure.clause}"
            rules[contract.id] = replace(terms.disclosure, clause=clause)
    return rules


def _categories(deployment: Deployment) -> dict[str, dict[str, tuple[Category, ...]]]:
    """Every value of the dimensions of each dataset, where contract and agreement say them."""
    found: dict[str, dict[str, tuple[Category, ...]]] = {}
    for contract in deployment.contracts.values():
        terms = deployment.terms_of(contract.agency, contract.dataset)
        if terms is None:
            continue
        listed = {}
        for column in contract.columns:
            treatment = treatment_of(column, terms[1])
            if column.dimension and treatment is not None:
                listed[column.name] = categories(column, treatment)
        found[contract.id] = {name: known for name, known in listed.items() if known is not None}
    return found


def _snapshots(deployment: Deployment, bundle: VerifiedBundle) -> dict[str, Snapshot]:
    """Newest snapshots of the granted datasets that have landed."""
    snapshots = {}
    for granted in bundle.bundle.datasets:
        contract = deployment.contracts.get(granted.dataset)
        state = None if contract is None else deployment.lake.state(contract.table)
        if state is not None:
            snapshots[granted.dataset] = state.snapshot
    return snapshots


def _runner(deployment: Deployment, on_wait: Callable[[], None] = lambda: None) -> SubprocessRunner:
    settings = deployment.settings
    return SubprocessRunner(
        deployment.lake.dataset,
        opener="enclave.adapters.curated_tables:open_tables",
        arguments={"home": str(deployment.home)},
        limits=QueryLimits(
            memory_mb=settings.query_memory_mb,
            threads=settings.threads,
            seconds=settings.query_seconds,
        ),
        on_wait=on_wait,
    )
