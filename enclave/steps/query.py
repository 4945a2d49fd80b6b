"""Ask a question: who asks, under which verified grant, and what may leave.

Order: root, people, bundle are verified; the chain is judged today; the SQL is bound, run in a
locked-down process, and passes disclosure control; the ledger learns of the answer or the denial
before anybody sees it.
"""

import getpass
import json
import secrets
from dataclasses import replace

from enclave.adapters.duckdb_engine import QueryLimits, SubprocessRunner
from enclave.deployment import Deployment
from enclave.errors import QueryError
from enclave.evidence import ReleasedAnswer, Snapshot
from enclave.query import SeenVersions, answer
from enclave.zones import Zone
from governance.agreements import DisclosureRule
from governance.canonical import Json
from governance.decisions import AccessDeniedError, Decision, Denial
from governance.digests import sha256_of
from governance.errors import ConfigurationError
from governance.grants import BundleRefusedError
from governance.grants.bundle import VerifiedBundle, verify_bundle, verify_people
from governance.grants.publish import fetch_bundle, fetch_people, fetch_root, has_bundle
from governance.grants.root import Root, pin_root
from governance.signing import Envelope

TRUST = "trust"
PINNED_ROOT = "root.json"


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


def _pinned(deployment: Deployment) -> Root:
    path = deployment.home / TRUST / PINNED_ROOT
    if not path.is_file():
        message = "No root is trusted yet. `enclave trust ROOT.json` pins the one you were handed."
        raise ConfigurationError(message)
    return pin_root(Envelope.from_json(path.read_bytes()))


def ask(deployment: Deployment, *, project: str, sql: str, totals: bool = False) -> ReleasedAnswer:
    """Answer the question of the operating-system user who runs this, or refuse it.

    Args:
        deployment: Where.
        project: The project whose grant it is asked under.
        sql: One SELECT of aggregates.
        totals: Whether to show totals too.

    Raises:
        AccessDeniedError: Refused, with every reason, clause and remedy.
        BundleRefusedError: Root, people mapping or grant does not verify.
        QueryError: Out of time or memory.
        ConfigurationError: No root is trusted yet.
    """
    person, bundle = identify(deployment, project)
    facts: dict[str, Json] = {"version": bundle.bundle.version, "person": person}
    subject = f"project/{project}"
    try:
        released = answer(
            sql,
            bundle=bundle,
            person_id=person,
            contracts=deployment.contracts,
            rules=_rules(deployment),
            snapshots=_snapshots(deployment, bundle),
            runner=_runner(deployment),
            today=deployment.today(),
            tie_key=deployment.ring.current("disclosure-ties", "enclave").material,
            totals=totals,
        )
    except AccessDeniedError as refusal:
        rules = ",".join(sorted({denial.rule for denial in refusal.decision.denials}))
        deployment.ledger.append("query:denied", subject, {**facts, "rules": rules})
        raise
    except QueryError as error:
        deployment.ledger.append("query:failed", subject, {**facts, "code": error.code})
        raise
    receipt = json.loads(json.dumps(dict(released.receipt)))
    deployment.ledger.append("query:answered", subject, {**facts, "receipt": receipt})
    return released


def identify(deployment: Deployment, project: str) -> tuple[str, VerifiedBundle]:
    """The person behind this process, and the project's verified grant.

    A root, people mapping or grant older than one seen before is refused: whoever can delete the
    newest root in the policy zone could bring a withdrawn signer's key back.

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
        root = fetch_root(policy, _pinned(deployment), now)
        seen.record("root", root.document.version, root.digest)
        version, digest = seen.last("people")
        envelope = fetch_people(policy)
        people = verify_people(envelope, root, now, version, last_seen_digest=digest)
        seen.record("people", people.version, sha256_of(envelope.payload))
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
        deployment.ledger.append("query:denied", subject, {"rules": refusal.rule})
        raise
    person = people.person_of(getpass.getuser(), deployment.today())
    if person is None:
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


def _snapshots(deployment: Deployment, bundle: VerifiedBundle) -> dict[str, Snapshot]:
    """Newest snapshots of the granted datasets that have landed."""
    snapshots = {}
    for granted in bundle.bundle.datasets:
        contract = deployment.contracts.get(granted.dataset)
        state = None if contract is None else deployment.lake.state(contract.table)
        if state is not None:
            snapshots[granted.dataset] = state.snapshot
    return snapshots


def _runner(deployment: Deployment) -> SubprocessRunner:
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
    )
