"""The real public inputs as their agencies would send them: agency, dataset or agreement, period.

Names and counts only come out of here. The files lie beside the project root (`../shared/data`).
"""

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from enclave.deployment import Deployment, init_deployment
from enclave.steps import (
    land_submission,
    process_submission,
    receive_drops,
    report_submission,
)
from enclave.steps.report import receipt_key
from enclave.steps.submit import submit_file
from enclave.zones import Zone
from tests.lib import shared_data
from tests.lib.deployments import NOW

UNMAPPED = "deidentify.unmapped"
TANF = "MOU-DSS-2025-05"
HMIS = "MOU-CCEH-2026-01"


@dataclass(frozen=True)
class RealInput:
    """One file and what it is sent as.

    Attributes:
        folder, name: Where it lies under the shared data.
        agency: Who sends it.
        dataset: What it is; None for all datasets of `agreement_id`.
        agreement_id: The agreement of a file of several datasets.
        period, revision: As the agency states them.
    """

    folder: str
    name: str
    agency: str
    dataset: str | None
    period: str
    agreement_id: str | None = None
    revision: int = 1

    @property
    def path(self) -> Path:
        """The file."""
        return shared_data.ROOT / self.folder / self.name


OVERDOSES = RealInput(
    "ct_ocme_overdose",
    "Accidental_Drug_Related_Deaths_2012-2018.csv",
    "ocme",
    "accidental_drug_deaths",
    "2012-2018",
)
STOPS = RealInput("ct_traffic_stops", "groton.csv", "opm", "traffic_stops", "2013-2014")
HOMELESS = RealInput(
    "hmis_hud_sample", "fy2019_sample_hmis_export.zip", "cceh", None, "2019", agreement_id=HMIS
)
TANF_NAMES = (
    "ADS.E2J.FTP1.TS06",
    "ADS.E2J.FTP1.TS142",
    "ADS.E2J.FTP2.TS06",
    "ADS.E2J.FTP2.TS142.txt",
    "bad_TANF_S1.txt",
    "bad_missing_header.txt",
    "bad_trailer_1.txt",
    "bad_trailer_2.txt",
    "bad_two_headers.txt",
    "empty_file",
    "no_records.txt",
    "small_bad_tanf_s1.txt",
    "small_correct_file.txt",
    "small_tanf_section1.txt",
    "small_tanf_section2.txt",
    "tanf_section1_blanks.txt",
    "tanf_section1_header_test.txt",
)
"""Every submission of the folder; each is sent for a period of its own."""
SNAP_NAMES = (
    "example.csv",
    "exampleWithBadRows.csv",
    "exampleWithInvalidMissingHeader.csv",
    "plaintext-example.csv",
)


def tanf(name: str) -> RealInput:
    """A cash assistance submission, for all record types of the agreement."""
    as_agreed = re.fullmatch(r"ADS\.E2J\.FTP1\.(\w+)", name)
    period = as_agreed[1] if as_agreed else f"file-{TANF_NAMES.index(name) + 1:02}"
    return RealInput("tanf_fixed_width", name, "dss", None, period, agreement_id=TANF)


def snap(name: str) -> RealInput:
    """A nutrition assistance upload."""
    period = f"file-{SNAP_NAMES.index(name) + 1:02}"
    return RealInput("snap_piipan", name, "dss", "snap_participants", period)


def all_inputs() -> list[RealInput]:
    """Every input, small ones first."""
    return [
        *map(snap, SNAP_NAMES),
        *map(tanf, TANF_NAMES),
        STOPS,
        OVERDOSES,
        HOMELESS,
    ]


def open_home(home: Path, clock: datetime | None = NOW) -> Deployment:
    """A new deployment with the product's contracts and agreements, on a day they are in force.

    Args:
        home: A new folder.
        clock: The day; None is today.
    """
    deployment = init_deployment(home)
    return deployment if clock is None else replace(deployment, now=lambda: clock)


def send(deployment: Deployment, real: RealInput, path: Path | None = None) -> None:
    """What the agency's upload amounts to; `path`: another file in place of the real one."""
    submit_file(
        deployment,
        path or real.path,
        agency=real.agency,
        dataset=real.dataset,
        agreement_id=real.agreement_id,
        period=real.period,
        revision=real.revision,
        sent_by="real input",
    )


@dataclass(frozen=True)
class Outcome:
    """What became of one submission, as its receipt and the state store say.

    Attributes:
        dataset, state: Names.
        read, landed, set_aside: Rows.
        checks: Failed checks: `code:column` or `code:rule` -> failing rows.
        problems: Codes of errors and warnings that are no check of the contract.
        unmapped: Columns with rows landed empty because no table knows the place -> such rows.
        submission_id: Its id.
    """

    dataset: str
    state: str
    read: int
    landed: int
    set_aside: int
    checks: dict[str, int]
    problems: tuple[str, ...]
    unmapped: dict[str, int]
    submission_id: str

    @property
    def counts(self) -> tuple[str, int, int, int]:
        """State; rows read, landed and set aside."""
        return self.state, self.read, self.landed, self.set_aside


def load(deployment: Deployment, agreement_id: str) -> list[Outcome]:
    """Every step for what waits under the agreement, in load order."""
    outcomes = []
    for submission_id in receive_drops(deployment, agreement_id):
        process_submission(deployment, submission_id)
        land_submission(deployment, submission_id)
        report_submission(deployment, submission_id)
        outcomes.append(outcome_of(deployment, submission_id))
    return outcomes


def outcome_of(deployment: Deployment, submission_id: str) -> Outcome:
    """The outcome, out of the receipt."""
    submission = deployment.store.get(submission_id)
    document = deployment.zones.store(Zone.EGRESS).read(receipt_key(submission, "json"))
    receipt: dict[str, Any] = json.loads(document)
    failed = [check for check in receipt["checks"] if check["outcome"] == "failed"]
    told = [*receipt["verdict"]["reasons"], *receipt["findings"]]
    unmapped = [f for f in receipt["findings"] if f["code"] == UNMAPPED]
    problems = [
        x["code"] for x in told if x["code"] not in {None, UNMAPPED} and x.get("severity") != "note"
    ]
    return Outcome(
        dataset=submission.dataset,
        state=str(submission.state),
        read=receipt["counts"]["rows_read"],
        landed=receipt["counts"]["rows_landed"],
        set_aside=receipt["counts"]["rows_set_aside"],
        checks={f"{c['code']}:{c['rule'] or c['columns'][0]}": c["failing_rows"] for c in failed},
        problems=tuple(problems),
        unmapped={f["column"]: f["failing_rows"] for f in unmapped},
        submission_id=submission_id,
    )


def deliver(deployment: Deployment, real: RealInput, path: Path | None = None) -> list[Outcome]:
    """Send one input and run its feed; outcomes, refused ones too, in the agreement's order."""
    known = {submission.id for submission in deployment.store.list()}
    send(deployment, real, path)
    agreement = real.agreement_id
    if agreement is None:
        found = deployment.terms_of(real.agency, real.dataset or "")
        agreement = found[0].id if found else ""
    load(deployment, agreement)
    order = [terms.dataset for terms in deployment.agreement(agreement).datasets]
    new = [s for s in deployment.store.list(agency=real.agency) if s.id not in known]
    new.sort(key=lambda s: order.index(s.dataset))
    return [outcome_of(deployment, submission.id) for submission in new]


def read_table(deployment: Deployment, dataset: str) -> pa.Table:
    """Decrypted rows of a dataset (`agency/dataset`) as they are in the lake."""
    return deployment.lake.dataset(deployment.contracts[dataset].table).to_table()


def plain_csv(data: bytes) -> list[dict[str, str]]:
    """Records as Python's own csv reads them: the independent reading that results are held to."""
    text = io.StringIO(data.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text))


def plain_members(path: Path) -> dict[str, list[dict[str, str]]]:
    """The same for every table of an archive, by the member's bare name."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv")]
        return {name.rsplit("/", 1)[-1]: plain_csv(archive.read(name)) for name in names}
