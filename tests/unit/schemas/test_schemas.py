"""The contracts and agreements that come with the product are sound, and fit each other."""

import re
import time
from datetime import date
from functools import cache
from pathlib import Path

import pytest

import schemas
from governance.agreements import Agreement, check_agreements, load_agreements
from governance.agreements.parse import agreement_schema
from governance.contracts import DatasetContract, check_contracts, load_contracts
from governance.contracts.model import IdentifierRole, LogicalType, TreatmentKind
from governance.contracts.standard import extension_schema
from tests.lib import shared_data

SCHEMAS = Path(next(iter(schemas.__path__)))
DEMONSTRATION_DAY = date(2026, 11, 21)


@cache
def contracts() -> dict[str, DatasetContract]:
    return load_contracts(SCHEMAS / "datasets")


@cache
def agreements() -> dict[str, Agreement]:
    return load_agreements(SCHEMAS / "agreements")


def test_contracts_have_no_mistake() -> None:
    """Ours, the public standard's model, and references between contracts."""
    assert check_contracts([SCHEMAS / "datasets"]) == []


def test_agreements_have_no_mistake() -> None:
    """Ours, the JSON Schema, and against the contracts."""
    assert check_agreements([SCHEMAS / "agreements"], contracts()) == []


def test_enough_datasets_of_enough_agencies() -> None:
    agencies = {contract.agency for contract in contracts().values()}

    assert len(contracts()) >= 9
    assert {"sde", "dol", "cscu", "uconn", "ccic", "oec", "doc", "dcf", "dmhas"} <= agencies
    assert "ocme/accidental_drug_deaths" in contracts()


def test_every_dataset_has_one_agreement_that_covers_every_column() -> None:
    terms = {
        f"{agreement.agency}/{t.dataset}": t
        for agreement in agreements().values()
        for t in agreement.datasets
    }

    assert sum(len(a.datasets) for a in agreements().values()) == len(terms)
    assert set(terms) == set(contracts())
    for name, contract in contracts().items():
        assert terms[name].columns == tuple(c.name for c in contract.columns)


@pytest.mark.parametrize("agreement", agreements().values(), ids=lambda a: a.id)
def test_in_force_and_sound(agreement: Agreement) -> None:
    assert agreement.in_force(DEMONSTRATION_DAY)
    assert agreement.retention.curated_until >= agreement.ends_on
    assert agreement.citations
    assert any(party.agency == agreement.agency for party in agreement.parties)
    for terms in agreement.datasets:
        assert terms.disclosure.minimum_cell_count >= 6
        assert terms.disclosure.minimum_denominator >= 20


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda c: c.id)
def test_identity_never_lands(contract: DatasetContract) -> None:
    """Every column has a treatment, and no name, number or free text lands as it is."""
    telling = {"ssn", "name", "first_name", "last_name", "phone", "email", "street", "address"}
    for column in contract.columns:
        assert column.treatment is not None
        if column.role is IdentifierRole.DIRECT:
            assert column.treatment.kind in {
                TreatmentKind.DROP,
                TreatmentKind.PERSON_ID,
                TreatmentKind.ENTITY_ID,
            }
        if column.treatment.kind is TreatmentKind.KEEP:
            assert column.name not in telling
            bounded = column.codes or column.pattern or column.logical_type != "string"
            assert bounded, f"{column.name} would land free text"


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda c: c.id)
def test_table_has_a_key_a_counted_subject_and_words(contract: DatasetContract) -> None:
    assert contract.key
    assert contract.description
    assert contract.grain.startswith("one row per ")
    if contract.person is None and not contract.entity_keys:
        quiet = {"hmis_export", "hmis_user", "hmis_affiliation"}
        assert contract.dataset in quiet, "who is counted?"


def test_parsing_everything_is_fast_enough_for_airflow() -> None:
    """Airflow reads all of it at each look at its DAGs: half a second of processor time."""
    best = min(_seconds_to_load() for _ in range(3))

    assert best < 0.5


def _seconds_to_load() -> float:
    start = time.process_time()
    load_contracts(SCHEMAS / "datasets")
    load_agreements(SCHEMAS / "agreements")
    return time.process_time() - start


def test_json_schemas_are_schemas() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(agreement_schema())
    Draft202012Validator.check_schema(extension_schema())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_public_linter_accepts_every_contract() -> None:
    """`datacontract lint`, by its Python interface; its own warnings are not ours."""
    from datacontract.data_contract import DataContract

    refused = {
        path.name: [check.reason for check in run.checks or ()]
        for path in sorted((SCHEMAS / "datasets").rglob("*.yaml"))
        if (run := DataContract(data_contract_file=str(path)).lint()).result.value != "passed"
    }

    assert refused == {}


def test_no_definition_is_copied_from_the_dictionary() -> None:
    """Element names are facts; the dictionary's definitions are its authors' words."""
    from openpyxl import load_workbook

    folder = shared_data.folder("p20win_data_dictionary")
    book = load_workbook(folder / "P20WIN_Data_Dictionary.xlsx", read_only=True)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    definitions = {
        " ".join(str(row[5]).lower().split()).rstrip(".")
        for row in sheet.iter_rows(min_row=2, values_only=True)
        if len(row) > 5 and row[5]
    }
    book.close()
    ours = {
        " ".join(column.description.lower().split()).rstrip(".")
        for contract in contracts().values()
        for column in contract.columns
        if len(column.description.split()) > 3
    }

    assert not ours & definitions


def test_no_code_made_from_a_persons_own_number_is_landed() -> None:
    """34 CFR 99.31(b)(2)(iii): an id is random; also an officer's, who is a person too."""
    coded = {
        f"{name}.{column.name}"
        for name, contract in contracts().items()
        for column in contract.columns
        if column.role is IdentifierRole.DIRECT
        and column.treatment is not None
        and column.treatment.kind is TreatmentKind.ENTITY_ID
    }

    assert coded == set()


FINE_BUT_NO_TRAIT = {
    "cceh/hmis_enrollment_coc.coc_code": "the place of a project, one in the state",
    "cceh/hmis_inventory.coc_code": "the place of a project, one in the state",
    "cceh/hmis_project_coc.coc_code": "the place of a project, one in the state",
    "cscu/enrollment.term_code": "the term, the same for all students of it",
}
"""Codes kept as they are that tell nothing of the person, with the reason."""


def test_no_fine_code_is_kept_that_others_may_know() -> None:
    """A program, a trade, an occupation: a pattern of many codes is a trait, and is made coarse."""
    fine = {
        f"{name}.{column.name}"
        for name, contract in contracts().items()
        for column in contract.columns
        if column.treatment is not None
        and column.treatment.kind is TreatmentKind.KEEP
        and column.logical_type is LogicalType.STRING
        and column.codes is None
        and column.role is not IdentifierRole.SENSITIVE
    }

    assert fine == set(FINE_BUT_NO_TRAIT)


def test_years_of_what_happened_to_a_person_are_declared() -> None:
    """When somebody was sentenced, graduated or died is known to others."""
    undeclared = {
        f"{name}.{column.name}"
        for name, contract in contracts().items()
        if contract.person is not None
        for column in contract.columns
        if column.treatment is not None
        and column.treatment.kind is TreatmentKind.YEAR
        and column.role is not IdentifierRole.QUASI
    }

    assert undeclared == {"doc/snapshot.snapshot_date"}, "the same for all in a snapshot"


def test_no_amount_of_money_is_landed_exactly() -> None:
    """To the cent, a wage or a benefit is a fingerprint: who pays or gets it knows the row."""
    amounts = re.compile(r"(_amount|_usd|_amt|_income|_ovrpmt|_resources|_cc)$|^amt_|^unearned_")
    answers = {"zero_income", "insufficient_income", "receives_sub_cc"}
    exact = {
        f"{name}.{column.name}"
        for name, contract in contracts().items()
        if contract.person is not None or contract.entity_keys
        for column in contract.columns
        if amounts.search(column.name)
        and column.name not in answers
        and column.treatment is not None
        and column.treatment.kind is TreatmentKind.KEEP
    }

    assert exact == set()


def test_nothing_that_only_the_very_old_have_is_landed() -> None:
    """Service in the wars of 1941 and 1950 tells an age over 89 as a year of birth does."""
    client = contracts()["cceh/hmis_client"]

    for name in ("world_war_ii", "korean_war"):
        treatment = client.column(name).treatment
        assert treatment is not None
        assert treatment.kind is TreatmentKind.DROP


def test_no_year_of_birth_tells_an_age_over_89() -> None:
    """45 CFR 164.514(b)(2)(i)(C)."""
    oldest = DEMONSTRATION_DAY.year - 90
    births = [
        (name, column)
        for name, contract in contracts().items()
        for column in contract.columns
        if column.treatment is not None
        and column.treatment.kind is not TreatmentKind.DROP
        and re.search("(?:birth|dob)(?!.*quality)|yob", column.name)
    ]

    assert len(births) >= 8
    for name, column in births:
        options = {} if column.treatment is None else column.treatment.options
        earliest = int(str(column.minimum)[:4])
        assert options.get("oldest_age") == 90 or earliest >= oldest, f"{name}.{column.name}"
