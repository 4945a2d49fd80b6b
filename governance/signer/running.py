"""One run of the signer: read, verify, decide, publish, record; and the loop around it."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from governance.audit.tags import Tag
from governance.canonical import Json
from governance.decisions import Denial, denial_facts
from governance.errors import ProgrammeError
from governance.event_feed.trust import OF_LEDGER, load_keys
from governance.grants.model import GrantBundle, PeopleMapping
from governance.grants.publish import fetch_root, fetch_version
from governance.grants.root import Root, pin_root
from governance.people import PortalRole
from governance.permissions import SIGNER
from governance.requests.state import DataRequest, Version
from governance.requests.states import LIVE, Act, Status
from governance.services import Programme
from governance.services.recording import record
from governance.services.requests import act_on_request
from governance.signer.accounts import (
    build_mapping,
    load_accounts,
    named_people,
    same_mapping,
)
from governance.signer.authority import Newcomers
from governance.signer.deciding import Rules, Verdict, decide_grant, same_grant
from governance.signer.errors import SignerKeyError
from governance.signer.memory import PEOPLE, Memory, load_memory, save_memory
from governance.signer.publishing import Issued, Publisher, project_name
from governance.signer.reading import Progress, head_of, read_ledger
from governance.signer.replaying import Life, Records
from governance.signer.settings import SignerSettings
from governance.signing import Envelope, LocalSigner, PublicKey, Signer

_WATCHED: Final = frozenset({Status.AGREEMENTS_OUT, Status.REVOKED, *LIVE})
"""Statuses of a version that may ask for something to be published."""


@dataclass(frozen=True)
class Signing:
    """A signer, opened.

    Attributes:
        key: Its own.
        pinned: The root as it was handed over; rotations are followed from it at each run.
        ledger_keys: Keys that may have signed the ledger's checkpoints.
    """

    programme: Programme
    settings: SignerSettings
    key: Signer
    pinned: Root
    ledger_keys: Mapping[str, PublicKey]

    def root(self, now: datetime) -> Root:
        """The newest root that follows from the pinned one, which must name this signer's key.

        Raises:
            BundleRefusedError: A successor does not verify, or the newest root has expired.
            SignerKeyError: It does not name the key.
        """
        root = fetch_root(self.programme.policy, self.pinned, now)
        if self.key.public_key.key_id not in root.keys("signer"):
            message = (
                f"Root {root.document.version} does not name this signer's key. The holders of the "
                "root keys put it in (`governance grant root rotate`), or another signer is in use."
            )
            raise SignerKeyError(message)
        return root


@dataclass
class RunReport:
    """What one run did.

    Attributes:
        entries: Length of the verified chain.
        published: Name and version of what was signed anew.
        recorded: What was published before and is recorded now.
        waiting: Requests whose next version has no whole chain yet, and every missing link.
        refused: Requests nothing could be signed for, and why.
        not_believed: Persons of whose record the last event was not its author's to write, and why.
    """

    entries: int = 0
    published: list[tuple[str, int]] = field(default_factory=list)
    recorded: list[tuple[str, int]] = field(default_factory=list)
    waiting: dict[str, tuple[Denial, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    not_believed: dict[str, tuple[Denial, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Json]:
        """For `--json`."""
        return {
            "entries": self.entries,
            "published": [f"{name}/{version}" for name, version in self.published],
            "recorded": [f"{name}/{version}" for name, version in self.recorded],
            "waiting": {
                number: [denial_facts(d) for d in denials]
                for number, denials in sorted(self.waiting.items())
            },
            "refused": dict(sorted(self.refused.items())),
            "not_believed": {
                person: [denial_facts(d) for d in denials]
                for person, denials in sorted(self.not_believed.items())
            },
        }


def open_signing(programme: Programme, settings: SignerSettings) -> Signing:
    """Open the signer: its key, its root, the ledger's public keys.

    Raises:
        SignerKeyError: Key or root is missing.
        SignatureRefusedError: The key file or the root cannot be used.
        ConfigurationError: No key of the ledger is pinned, or the key in Key Vault cannot sign.
    """
    key = open_key(settings)
    if not settings.root_file.is_file():
        message = (
            f"There is no root {settings.root_file.name}. "
            "`governance signer trust --root ROOT.json` pins the one you were handed."
        )
        raise SignerKeyError(message)
    return Signing(
        programme=programme,
        settings=settings,
        key=key,
        pinned=pin_root(Envelope.from_json(settings.root_file.read_bytes())),
        ledger_keys=load_keys(settings.ledger_keys_file, OF_LEDGER),
    )


def open_key(settings: SignerSettings) -> Signer:
    """The signer's key: in Key Vault when one is named, else in its file.

    Raises:
        SignerKeyError: There is none.
        SignatureRefusedError: The key file cannot be used.
        ConfigurationError: The key in Key Vault cannot sign.
        VaultSigningError: Key Vault did not answer or refused.
    """
    if settings.key_vault_key_id is not None:
        from governance.signer.vault import open_vault_signer  # noqa: PLC0415  slow to import

        return open_vault_signer(settings.key_vault_key_id)
    if not settings.key_file.is_file():
        message = f"There is no key {settings.key_file.name}. `governance signer key` makes one."
        raise SignerKeyError(message)
    phrase = settings.key_passphrase
    secret = phrase.get_secret_value().encode() if phrase else None
    return LocalSigner.from_pem(settings.key_file.read_bytes(), secret)


class Kept:
    """What a running signer holds between two runs: the records of the chain it verified.

    Attributes:
        records, progress: As far as the chain was read.
        whole_at: When the whole chain was read last; None: it is to be read.
    """

    def __init__(self, signing: Signing) -> None:
        """Nothing is held yet."""
        self._signing = signing
        self.forget()

    def forget(self) -> None:
        """Have the whole chain read again."""
        p = self._signing.programme
        self.records = Records(p.board, _newcomers(p), p.profile)
        self.progress = Progress()
        self.whole_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether the whole chain is to be read again."""
        return self.whole_at is None or now - self.whole_at >= _WHOLE_EVERY


def run_once(signing: Signing, kept: Kept | None = None) -> RunReport:
    """Read the ledger, and publish and record whatever it supports.

    Safe to repeat, and to be killed at any point. One request that cannot be judged keeps no other
    from its grant.

    Args:
        signing: The signer.
        kept: What the last run held: then only what was added is read, and only requests it
            touches are looked at. Without it everything is.

    Raises:
        LedgerRefusedError: The ledger does not verify; nothing was signed.
        SignerKeyError: The root does not name this signer's key.
        BundleRefusedError: The root does not verify, or has expired.
    """
    held = kept or Kept(signing)
    now = signing.programme.clock()
    root = signing.root(now)
    memory = load_memory(signing.settings.memory_file)
    if held.is_due(now):
        held.forget()
    is_whole, erasures = held.whole_at is None, held.records.erasures
    try:
        read_ledger(
            signing.programme.store,
            signing.programme.policy,
            signing.ledger_keys,
            memory,
            progress=held.progress,
            take=held.records.take,
            forget=held.records.forget,
        )
        held.whole_at = now if is_whole else held.whole_at
        memory = Memory(held.progress.entries, held.progress.head, memory.published)
        save_memory(signing.settings.memory_file, memory)
        publisher = Publisher(signing.programme.policy, signing.key, root)
        report = _Run(signing, publisher, held, memory, now).run(whole=is_whole)
    except BaseException:
        held.forget()
        raise
    if not is_whole and held.records.erasures > erasures:
        held.forget()  # facts that are held here are gone
    return report


def run_forever(
    signing: Signing,
    *,
    stop: threading.Event,
    tell: Callable[[RunReport | ProgrammeError], None],
) -> None:
    """Run whenever the ledger went on, and on the whole of it every hour, until `stop` is set.

    What is refused is told and tried again; the process goes on.
    """
    kept, seen = Kept(signing), None
    while not stop.is_set():
        try:
            head = head_of(signing.programme.store)
            if head != seen or kept.is_due(signing.programme.clock()):
                report = run_once(signing, kept)
                seen = head  # what came meanwhile is for the next turn
                tell(report)
        except ProgrammeError as error:
            seen = None
            tell(error)
        stop.wait(signing.settings.poll_seconds)


_WHOLE_EVERY: Final = timedelta(hours=1)


def _newcomers(programme: Programme) -> Newcomers:
    """What a requestor and the identity provider may give, by rules and settings."""
    return Newcomers(
        provider_roles=frozenset(PortalRole(r) for r in programme.settings.oidc_role_map.values()),
        restricted_classes=frozenset(
            c for r in programme.rules.restricted for c in r.employment_classes
        ),
    )


class _Run:
    """One pass over the requests of a verified ledger."""

    def __init__(
        self,
        signing: Signing,
        publisher: Publisher,
        kept: Kept,
        memory: Memory,
        now: datetime,
    ) -> None:
        self._signing, self._programme = signing, signing.programme
        self._publisher, self._records = publisher, kept.records
        self._memory, self._now = memory, now
        self._report = RunReport(
            kept.progress.entries, not_believed=dict(kept.records.not_believed)
        )

    def run(self, *, whole: bool) -> RunReport:
        """Every request, or those that were touched; then the people mapping."""
        records = self._records
        for number in sorted(records.lives if whole else records.touched):
            try:
                request = records.life(number).replayed()
                if any(v.status in _WATCHED for v in request.versions):
                    self._settle(records.life(number))
            except ProgrammeError as error:
                self._report.refused[number] = error.message
        self._settle_people()
        records.settled()
        return self._report

    def _settle(self, life: Life) -> None:
        number = life.number
        name = project_name(self._programme.rules.numbers.project(number))
        current = self._publisher.current(name)
        published = current.document if current else None
        verdict = decide_grant(
            self._records,
            life,
            published if isinstance(published, GrantBundle) else None,
            Rules(self._programme.rules, self._programme.contracts, self._programme.agreements),
            bundle_version=1,
            now=self._now,
        )
        if verdict.waiting:
            self._report.waiting[number] = verdict.waiting
        if current is not None:
            self._record_published(name, current, found=True)
        if verdict.bundle is not None and self._is_due(current, verdict.bundle):
            current = self._publish(name, verdict.bundle)
        if current is not None and isinstance(current.document, GrantBundle):
            self._record_on_request(life.replayed(), verdict, name, current)

    def _settle_people(self) -> None:
        current = self._publisher.current(PEOPLE)
        records = self._records
        requests = {
            number: life.request
            for number, life in records.lives.items()
            if life.request is not None and not life.broken
        }
        mapping = build_mapping(
            records.people(),
            named_people(requests),
            load_accounts(self._signing.settings.accounts_file),
            version=1,
            now=self._now,
            fresh_days=self._programme.rules.bundle_days,
        )
        if current is None and not mapping.accounts:
            return
        if current is not None:
            self._record_published(PEOPLE, current, found=True)
        if self._is_due(current, mapping):
            self._publish(PEOPLE, mapping)

    def _is_due(self, current: Issued | None, wanted: GrantBundle | PeopleMapping) -> bool:
        """Whether it says something new, or what is published will soon be stale."""
        return current is None or not _same(current.document, wanted) or self._is_old(current)

    def _is_old(self, issued: Issued) -> bool:
        half = timedelta(days=self._programme.rules.bundle_days) / 2
        before = min(timedelta(hours=self._signing.settings.reissue_hours), half)
        return issued.document.expires_at - self._now < before

    def _numbered(
        self, name: str, document: GrantBundle | PeopleMapping
    ) -> GrantBundle | PeopleMapping:
        """With the next number: above what is published, recorded, and remembered."""
        number = self._publisher.free_number(name, at_least=self._newest_known(name) + 1)
        return document.model_copy(update={"version": number})

    def _newest_known(self, name: str) -> int:
        """The newest number that was recorded or is remembered, whatever the zone holds."""
        known = [
            version for subject, version in self._records.published if subject == _subject(name)
        ]
        return max([self._memory.published.get(name, 0), *known])

    def _publish(self, name: str, document: GrantBundle | PeopleMapping) -> Issued:
        issued = self._resumed(name, document)
        if issued is None:
            issued = self._publisher.publish(self._numbered(name, document), self._now)
        self._memory = self._memory.with_published(name, issued.version)
        save_memory(self._signing.settings.memory_file, self._memory)
        self._report.published.append((name, issued.version))
        self._record_published(name, issued, found=False)
        return issued

    def _resumed(self, name: str, document: GrantBundle | PeopleMapping) -> Issued | None:
        """What a killed run began to publish, when it is what is wanted: the very same bytes."""
        begun = self._publisher.begun(name)
        issued = None if begun is None else self._publisher.own(name, begun)
        if begun is None or issued is None:
            return None
        if self._is_old(issued) or not _same(issued.document, document):
            return None
        if issued.version < self._newest_known(name):
            return None  # the data plane may have seen a newer one
        self._publisher.resume(begun, self._now)
        return issued

    def _record_published(self, name: str, issued: Issued, *, found: bool) -> None:
        """One entry a version, whoever finds it first after a crash."""
        subject, version = _subject(name), issued.version
        if (subject, version) in self._records.published:
            return
        facts: dict[str, object] = {"version": version, "digest": issued.digest}
        tag = Tag.PEOPLE_PUBLISHED
        if isinstance(issued.document, GrantBundle):
            tag = Tag.GRANT_PUBLISHED
            bundle = issued.document
            facts |= {
                "project": bundle.project,
                "request": bundle.request,
                "granted_until": bundle.granted_until.isoformat(),
                "expires_at": bundle.expires_at.isoformat(),
                "revoked": bundle.revoked is not None,
            }
        once = f"{tag.value}:{subject}:{version}"
        record(self._programme, SIGNER, tag, subject=subject, facts=facts, once=once)
        if isinstance(issued.document, GrantBundle) and issued.document.revoked is not None:
            self._record_revoked(issued.document)
        self._records.published.add((subject, version))
        if found:
            self._report.recorded.append((name, version))

    def _record_revoked(self, bundle: GrantBundle) -> None:
        """That it was taken back, and by what; never in whose words: these facts are public."""
        number = bundle.request
        request = self._records.life(number).request if number in self._records.lives else None
        by_request = request is not None and request.revoked is not None
        facts = {
            "project": bundle.project,
            "version": bundle.version,
            "reason": "the request was revoked" if by_request else "its chain is not whole",
        }
        once = f"grant:revoked:{bundle.project}:{bundle.version}"
        record(
            self._programme, SIGNER, Tag.GRANT_REVOKED,
            subject=bundle.project, facts=facts, once=once,
        )  # fmt: skip

    def _record_on_request(
        self, request: DataRequest, verdict: Verdict, name: str, current: Issued
    ) -> None:
        """The grant in the request's own record, and the end of the versions it replaces."""
        version = verdict.version
        if version is None:
            return
        number = request.number
        if self._tells_more(version, name, current):
            act_on_request(
                self._programme,
                SIGNER,
                number,
                Act.GRANT,
                {"bundle_version": current.version, "bundle_digest": current.digest},
                version=version.number,
                once=f"{name}/{current.version}",
            )
        for earlier in request.versions:
            if earlier.number < version.number and earlier.status in LIVE:
                act_on_request(
                    self._programme,
                    SIGNER,
                    number,
                    Act.SUPERSEDE,
                    {
                        "on": self._programme.today.isoformat(),
                        "reason": f"Version {version.number} is granted.",
                    },
                    version=earlier.number,
                    once=f"supersede/{earlier.number}/{version.number}",
                )

    def _tells_more(self, version: Version, name: str, current: Issued) -> bool:
        """Whether the request's record has to learn of the bundle: its first, or a changed one."""
        if version.status is Status.AGREEMENTS_OUT or version.granted is None:
            return True
        if version.granted.bundle_digest == current.digest:
            return False
        envelope = fetch_version(self._programme.policy, name, version.granted.bundle_version)
        before = None if envelope is None else self._publisher.own(name, envelope)
        if before is None or before.digest != version.granted.bundle_digest:
            return True
        return not _same(before.document, current.document)


def _same(one: GrantBundle | PeopleMapping, other: GrantBundle | PeopleMapping) -> bool:
    """Whether two documents say the same, but for number and dates of issue."""
    if isinstance(one, GrantBundle) and isinstance(other, GrantBundle):
        return same_grant(one, other)
    if isinstance(one, PeopleMapping) and isinstance(other, PeopleMapping):
        return same_mapping(one, other)
    return False


def _subject(name: str) -> str:
    """What the ledger's entries of a published document are about."""
    return name.removeprefix("grants/")
