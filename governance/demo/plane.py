"""A made-up data plane's feed: deliveries, matches, releases, queries as counts, destructions.

The demonstration has no rows. What its portal shows of submissions and their health is told by
batches of the same form as a data plane's, signed by a key made for it and pinned in the home.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from governance.audit import GENESIS
from governance.audit.tags import Tag
from governance.calendar import add_business_days, legal_date
from governance.canonical import canonical_json
from governance.demo.world import World
from governance.digests import sha256_of
from governance.event_feed import FEED_TYPE, EventBatch, FeedEvent, QueryCount, batch_key
from governance.event_feed.model import CURRENT_KEY
from governance.event_feed.published import Published
from governance.event_feed.trust import pin_key
from governance.requests.state import DataRequest
from governance.services.feed import follow_feed
from governance.signing import LocalSigner, sign_envelope

_EVERY_DAYS: Final = 14
_DELIVERED: Final[Mapping[str, int]] = {
    "sde/enrollment": 84, "sde/graduation": 180, "dol/quarterly_wages": 91,
    "dol/apprenticeship": 91, "cscu/enrollment": 120, "cscu/degrees": 180,
    "uconn/completions": 180, "oec/child_care_subsidy": 30, "dcf/placements": 91,
    "dss/tanf_adults": 30, "dss/tanf_families": 30, "doc/snapshot": 30,
    "dmhas/treatment_episodes": 91, "cceh/hmis_enrollment": 91, "ccic/enrollment": 120,
}  # fmt: skip
"""Datasets and how many days lie between two deliveries."""
_CODES: Final = ("value.not_in_list", "value.missing", "date.out_of_range", "key.duplicate")
_KEPT_FOR: Final = 5
_MOST_FAILING: Final = 0.03
_Timed = tuple[datetime, Tag, str, dict[str, Published]]
"""When, what, about what, with which facts."""


@dataclass
class Plane:
    """What was published so far."""

    world: World
    signer: LocalSigner
    number: int = 0
    previous: str = GENESIS
    through: int = 0
    delivered: dict[str, int] = field(default_factory=dict)
    since: datetime | None = None
    later: list[_Timed] = field(default_factory=list)

    def publish(self) -> None:
        """One batch of everything since the last, read and kept by the control plane at once."""
        now = self.world.desk.now()
        told = [*self._delivered(now), *self._worked_on()]
        fresh = [(now - timedelta(minutes=len(told) - n), *e) for n, e in enumerate(told)]
        events = [*self._destroyed(now), *fresh]
        made = tuple(
            FeedEvent(
                seq=self.through + n,
                hash=sha256_of(f"{self.world.chance.seed}/{self.through + n}".encode()),
                at=at,
                tag=tag,
                subject=subject,
                facts=facts,
            )
            for n, (at, tag, subject, facts) in enumerate(events, 1)
        )
        batch = EventBatch(
            number=self.number + 1,
            previous=self.previous,
            after=self.through,
            through=self.through + len(made),
            ledger_head=made[-1].hash if made else self._head(),
            at=now,
            events=made,
            queries=tuple(self._queries(now)),
        )
        payload = canonical_json(batch.model_dump(mode="json"))
        envelope = sign_envelope(FEED_TYPE, payload, (self.signer,)).to_json()
        self.world.programme.policy.put(batch_key(batch.number), envelope)
        self.world.programme.policy.put(CURRENT_KEY, envelope)
        self.number, self.previous = batch.number, sha256_of(payload)
        self.through, self.since = batch.through, now
        follow_feed(self.world.programme)

    def _head(self) -> str:
        if self.through == 0:
            return GENESIS
        return sha256_of(f"{self.world.chance.seed}/{self.through}".encode())

    def _destroyed(self, now: datetime) -> list[_Timed]:
        """What was to be destroyed by now, when it was."""
        due = [item for item in self.later if item[0] <= now]
        self.later = [item for item in self.later if item[0] > now]
        return due

    def _delivered(self, now: datetime) -> Iterator[tuple[Tag, str, dict[str, Published]]]:
        """Deliveries that came since the last batch."""
        elapsed = (now - (self.world.now - timedelta(days=430))).days
        for dataset, days in _DELIVERED.items():
            wanted = elapsed // days
            for number in range(self.delivered.get(dataset, 0) + 1, wanted + 1):
                yield from self._delivery(dataset, number, now)
            self.delivered[dataset] = wanted

    def _delivery(
        self, dataset: str, number: int, now: datetime
    ) -> Iterator[tuple[Tag, str, dict[str, Published]]]:
        chance, (agency, name) = self.world.chance, dataset.split("/", 1)
        rows = 800 + chance.below(90_000, "rows", dataset, number)
        rejected = chance.below(14, "rejected", dataset, number) == 0
        base: dict[str, Published] = {
            "agency": agency,
            "dataset": name,
            "period": f"{legal_date(now):%Y-%m}",
            "revision": 1,
        }
        first = _random_id(chance.seed, dataset, number, 1)
        subject = f"submission/{first}"
        yield Tag.SUBMISSION_RECEIVED, subject, base | {"bytes": rows * 96}
        if rejected:
            failed = rows // 5
            facts = base | {"rows_read": rows, "rows_failed": failed, "clause": "3.3"}
            yield Tag.SUBMISSION_REJECTED, subject, facts
            yield Tag.RECEIPT_ISSUED, subject, base | _receipt("rejected", rows, 0, failed)
            base |= {"revision": 2}
            subject = f"submission/{_random_id(chance.seed, dataset, number, 2)}"
            yield Tag.SUBMISSION_RECEIVED, subject, base | {"bytes": rows * 96}
        share = chance.share("failing", dataset, number) * _MOST_FAILING
        failed = int(rows * share)
        table = f"{agency}__{name}"
        landed = base | {"table": table, "version": number, "rows": rows - failed}
        yield Tag.TABLE_COMMITTED, subject, landed
        code = chance.pick(_CODES, "code", dataset, number)
        receipt = _receipt("landed", rows, rows - failed, failed)
        codes: dict[str, Published] = {"codes": {code: failed}} if failed else {}
        yield Tag.RECEIPT_ISSUED, subject, base | receipt | codes
        due = add_business_days(legal_date(now), _KEPT_FOR)
        gone = base | {
            "certificate_sha256": sha256_of(f"{subject}/raw".encode()),
            "due_on": due.isoformat(),
            "clause": "6.1",
        }
        self.later.append((now + timedelta(days=_KEPT_FOR), Tag.RAW_FILE_DESTROYED, subject, gone))

    def _worked_on(self) -> Iterator[tuple[Tag, str, dict[str, Published]]]:
        """Matches of newly granted projects, and outputs that left."""
        for key, request in self._live():
            project = self.world.programme.rules.numbers.project(request.number)
            chance, known = self.world.chance, f"match/{key}"
            if known not in self.delivered:
                self.delivered[known] = 1
                offered = 5_000 + chance.below(60_000, "offered", key)
                matched = int(offered * (0.8 + chance.share("matched", key) / 6))
                agencies = (
                    len(request.live.submitted.agencies)
                    if request.live and (request.live.submitted)
                    else 2
                )
                yield (
                    Tag.MATCH_COMPLETED,
                    f"project/{project}",
                    {
                        "project": project,
                        "agencies": agencies,
                        "offered_rows": offered,
                        "matched_people": matched,
                        "unmatched_rows": offered - matched,
                        "matched_on": self.world.programme.today.isoformat(),
                        "matrix_sha256": sha256_of(f"{project}/matrix".encode()),
                    },
                )
            elif chance.below(6, "released", key, self.number) == 0:
                cells = 40 + chance.below(400, "cells", key, self.number)
                yield (
                    Tag.OUTPUT_RELEASED,
                    f"project/{project}",
                    {
                        "project": project,
                        "cells": cells,
                        "suppressed": cells
                        * chance.below(14, "suppressed", key, self.number)
                        // 100,
                        "receipt_sha256": sha256_of(f"{project}/{self.number}".encode()),
                    },
                )

    def _queries(self, now: datetime) -> Iterator[QueryCount]:
        """Questions of each project with a grant in force, as counts by day."""
        chance = self.world.chance
        for key, request in self._live():
            for before in range(1, _EVERY_DAYS + 1):
                on = legal_date(now - timedelta(days=before))
                if on.weekday() < 5 and chance.below(3, "asked", key, on) == 0:  # noqa: PLR2004  a working day
                    yield QueryCount(
                        project=self.world.programme.rules.numbers.project(request.number),
                        on=on.isoformat(),
                        answered=1 + chance.below(9, "answered", key, on),
                        denied=chance.below(5, "denied", key, on) // 4,
                    )

    def _live(self) -> Iterator[tuple[str, DataRequest]]:
        for key, number in sorted(self.world.numbers.items()):
            request = self.world.read(number)
            if request.live is not None:
                yield key, request


def plan_plane(world: World) -> Plane:
    """Pin a made-up data plane's key, and put its batches on the agenda."""
    signer = LocalSigner.generate()
    jwk = canonical_json(signer.public_key.to_dict())
    pin_key(world.programme.settings.enclave_keys_path, jwk)
    plane = Plane(world, signer)
    for before in range(420, 0, -_EVERY_DAYS):
        world.agenda.add(world.on(world.day(before), 4), partial(plane.publish))
    return plane


def _receipt(state: str, read: int, landed: int, failed: int) -> dict[str, Published]:
    return {
        "state": state,
        "rows_read": read,
        "rows_landed": landed,
        "rows_quarantined": failed,
        "errors": min(failed, 1 + failed % 3),
        "warnings": read % 4,
    }


def _random_id(*what: object) -> str:
    return sha256_of("/".join(map(str, what)).encode())[:16]
