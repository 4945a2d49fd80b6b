"""Feeds of a deployment, as an orchestrator needs them: what to wait for, in which order, for whom.

A feed is one agreement with the contracts of its datasets. Only the two kinds of YAML are read
here, nothing of the data plane is imported, so that Airflow can do it at every parse. A document
that cannot be read is returned as an `UnreadableFeed`, never dropped in silence.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from enclave.settings import load_settings
from governance.agreements.model import Agreement
from governance.agreements.parse import parse_agreement
from governance.contracts.model import DatasetContract, RuleKind
from governance.contracts.parse import parse_contract
from governance.errors import AgreementError, ContractError, ProgrammeError


@dataclass(frozen=True, slots=True)
class FeedDataset:
    """One dataset of a feed.

    Attributes:
        name, title: As in the contract.
        table: The curated table it lands in.
        after: Datasets of the same feed whose landed rows it refers to.
    """

    name: str
    title: str
    table: str
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """One agreement's feed.

    Attributes:
        name: `{agency}__{short agreement id}`; unique in a deployment, letters, digits and `_`.
        schedule: Cron expression, in America/New_York.
        datasets: In the order they must be loaded: references first.
        stewards: Who answers for the feed.
        about: Markdown for the people who run it: terms, clauses, whom to ask.
    """

    name: str
    agreement_id: str
    agency: str
    title: str
    schedule: str
    datasets: tuple[FeedDataset, ...]
    stewards: str
    about: str


@dataclass(frozen=True, slots=True)
class UnreadableFeed:
    """An agreement that cannot be used, or one without a usable contract for a dataset.

    Attributes:
        name: From the file's name; unique in a deployment.
        reason: Code and message of the error; publishable.
    """

    name: str
    reason: str


def load_feeds(home: Path | None = None) -> list[Feed | UnreadableFeed]:
    """Feeds of the deployment at `home` (or `ENCLAVE_HOME`), in order of name.

    Raises:
        ConfigurationError: No home is named.
    """
    schemas = load_settings(home).home / "schemas"
    contracts = _contracts(schemas / "datasets")
    feeds = [_feed(path, contracts) for path in sorted((schemas / "agreements").glob("*.yaml"))]
    return sorted(_distinct(feeds), key=lambda feed: feed.name)


def _contracts(folder: Path) -> dict[str, DatasetContract | ProgrammeError]:
    """Contract by `agency/dataset`; what cannot be read, by its path, with the error."""
    contracts: dict[str, DatasetContract | ProgrammeError] = {}
    for path in sorted(folder.glob("*/*.yaml")):
        where = path.relative_to(folder).as_posix()
        try:
            contract = parse_contract(path.read_bytes(), where)
        except ContractError as error:
            contracts[where.removesuffix(".yaml")] = error
        else:
            contracts[contract.id] = contract
    return contracts


def _feed(
    path: Path, contracts: dict[str, DatasetContract | ProgrammeError]
) -> Feed | UnreadableFeed:
    try:
        agreement = parse_agreement(path.read_bytes(), path.name)
        datasets = tuple(_datasets(agreement, contracts))
    except ProgrammeError as error:
        return UnreadableFeed(f"unreadable__{_slug(path.stem)}", f"{error.code}: {error.message}")
    stewards = f"Data stewards, {_agency_name(agreement)}"
    return Feed(
        name=f"{_slug(agreement.agency)}__{_short(agreement)}",
        agreement_id=agreement.id,
        agency=agreement.agency,
        title=agreement.title,
        schedule=agreement.schedule,
        datasets=datasets,
        stewards=stewards,
        about=_about(agreement, datasets, stewards),
    )


def _datasets(
    agreement: Agreement, contracts: dict[str, DatasetContract | ProgrammeError]
) -> list[FeedDataset]:
    earlier: list[str] = []
    datasets = []
    for terms in agreement.datasets:
        contract = contracts.get(f"{agreement.agency}/{terms.dataset}")
        if isinstance(contract, ProgrammeError):
            raise contract
        if contract is None:
            message = f"Agreement {agreement.id}: no contract for dataset {terms.dataset}."
            raise AgreementError(message, agreement=agreement.id, dataset=terms.dataset)
        referred = {
            str(rule.options["to_dataset"]).rpartition("/")[2]
            for rule in contract.rules
            if rule.kind is RuleKind.REFERENCE
            and str(rule.options["to_dataset"]).startswith(f"{agreement.agency}/")
        }
        after = tuple(name for name in earlier if name in referred)
        datasets.append(FeedDataset(terms.dataset, contract.title, contract.table, after))
        earlier.append(terms.dataset)
    return datasets


def _distinct(feeds: Sequence[Feed | UnreadableFeed]) -> list[Feed | UnreadableFeed]:
    """Two agreements with one short name: neither runs, and both say why."""
    names = [feed.name for feed in feeds]
    return [
        feed
        if names.count(feed.name) == 1
        else UnreadableFeed(
            f"unreadable__{feed.name}_{position}", f"Another agreement is named {feed.name}, too."
        )
        for position, feed in enumerate(feeds)
    ]


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _short(agreement: Agreement) -> str:
    """The agreement's id without the agency, which the feed's name says already."""
    agency = _slug(agreement.agency)
    parts = [part for part in _slug(agreement.id).split("_") if part != agency]
    return "_".join(parts) or _slug(agreement.id)


def _agency_name(agreement: Agreement) -> str:
    named = (party.name for party in agreement.parties if party.agency == agreement.agency)
    return next(named, agreement.agency.upper())


def _about(agreement: Agreement, datasets: Sequence[FeedDataset], stewards: str) -> str:
    """Markdown; every line comes from the signed terms."""
    clauses = "\n".join(f"- **{clause.id}** {clause.title}" for clause in agreement.clauses)
    tables = "\n".join(f"| {d.name} | {d.title} | `{d.table}` |" for d in datasets)
    return f"""### {agreement.title}

Agreement `{agreement.id}`, version {agreement.version} ({agreement.authority.value}: \
{"; ".join(agreement.citations)}).
In force from {agreement.effective_on} to {agreement.ends_on}, both days included \
({agreement.term_clause}). After that this DAG stays visible and its steps refuse.

Expected at `{agreement.schedule}`, America/New_York ({agreement.schedule_clause}).

| dataset | | curated table |
|---|---|---|
{tables}

**Clauses**

{clauses}

**Whom to ask:** {stewards}, about the files and the findings in the receipt; \
{", ".join(agreement.approvers)} about uses ({agreement.approvers_clause}).

Steps: wait for the drop, receive, then for each submission process (read, validate, \
de-identify), land (assess the risk, commit) and report. A submission that is rejected or held is \
a handled outcome: `land` is skipped and the receipt goes out.
"""
