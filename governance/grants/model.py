"""The grant bundle as typed facts: what was approved, for whom, on which dated chain.

A bundle says nothing about today. It carries dates; `governance.grants.access` works out from them,
at each query, whether a person may ask. A field this version does not know refuses the whole
bundle: a restriction that is not understood must not be skipped.

The models are strict: no coercion, no unknown field; their JSON form is the signed payload.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

GRANT_TYPE = "application/vnd.data-enclave.grant+json"
PEOPLE_TYPE = "application/vnd.data-enclave.people+json"
ROOT_TYPE = "application/vnd.data-enclave.root+json"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""A column or table name: what needs no quoting anywhere."""
ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
DatasetId = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}/[a-z][a-z0-9_]{0,62}$")
]
PersonId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Scalar = str | int
"""What a filter compares with: a code or a whole number."""


HIGHEST_VERSION: Final = 1_000_000_000
"""Versions and thresholds beyond it are no count anybody made: the document is refused."""
HIGHEST_ENTRY: Final = 999_999_999_999
"""The ledger numbers its entries with twelve digits."""
Version = Annotated[int, Field(ge=1, le=HIGHEST_VERSION)]


class Strict(BaseModel):
    """Frozen, no unknown field, and no input quoted in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


class Comparison(Strict):
    """One comparison of a row filter, on a column the contract calls a dimension.

    Attributes:
        operator: `in`: one of `values`; `not_in`; `between`: `values` are the two inclusive ends.
    """

    column: Name
    operator: Literal["in", "not_in", "between"]
    values: Annotated[tuple[Scalar, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_ends(self) -> Self:
        if self.operator == "between" and len(self.values) != 2:  # noqa: PLR2004  both ends
            raise ValueError("between needs two values")
        if len({type(value) for value in self.values}) != 1:
            raise ValueError("the values of a comparison are of one type")
        return self


TOTALS_ONLY: Final = "totals_only"
"""A mask: the column may be counted, summed and averaged, never grouped or filtered by."""


class GrantedDataset(Strict):
    """One dataset of the approved scope.

    Attributes:
        dataset: `agency/dataset`.
        columns: Curated columns that may be named in a query, the person key never among them.
        row_filter: Every comparison must hold (AND); rows outside it do not exist for the project.
        years: Values of the contract's year column that may be read; None when all were approved.
        masks: Column to a coarser form; a data plane that does not know a mask refuses the dataset.
        employment_classes: Only persons of these classes may use the dataset; empty: no such limit.
        clause: Of the owner's approval or the agreement, cited by refusals.
    """

    dataset: DatasetId
    columns: Annotated[tuple[Name, ...], Field(min_length=1)]
    row_filter: tuple[Comparison, ...] = ()
    years: tuple[Scalar, ...] | None = None
    masks: Mapping[Name, Text] = Field(default_factory=dict)
    employment_classes: tuple[Text, ...] = ()
    clause: Text


class OutputRule(Strict):
    """What the project's outputs must keep to, on top of each dataset's own rule.

    Attributes:
        minimum_cell_count: Smallest count of people shown.
        minimum_denominator: A statistic over fewer people is suppressed.
        rounding_base: Counts and sums are rounded to a multiple of it; None: not rounded.
        dominance_pct: A sum is suppressed when its largest contributor holds more, in percent.
    """

    minimum_cell_count: Annotated[int, Field(ge=1, le=HIGHEST_VERSION)]
    minimum_denominator: Annotated[int, Field(ge=0, le=HIGHEST_VERSION)]
    rounding_base: Annotated[int, Field(ge=2, le=HIGHEST_VERSION)] | None = None
    dominance_pct: Annotated[int, Field(ge=1, le=100)] | None = None
    clause: Text


class ForbiddenCombination(Strict):
    """Columns that must never appear in one query.

    Attributes:
        columns: `agency/dataset.column`.
    """

    columns: Annotated[tuple[str, ...], Field(min_length=2)]
    reason: Text
    clause: Text


class GrantedPerson(Strict):
    """A named person and the dated facts of their own chain.

    Attributes:
        id: Opaque; what the people mapping maps a sign-in to.
        employment_class: `state_employee`, `state_official`, `university`, `contractor`, …
        nda_signed_on: Confidentiality statement; None: not yet.
        training_valid_until: Inclusive; None: never trained.
        employed_from, employed_until: Inclusive; an open end is None.
    """

    id: PersonId
    name: Text
    employer: Text
    employment_class: Text
    nda_signed_on: date | None
    training_valid_until: date | None
    employed_from: date
    employed_until: date | None = None


class MissingLink(Strict):
    """A link of a person's chain that was missing when the bundle was made."""

    rule: Text
    reason: Text
    remedy: Text
    clause: Text


class LeftOutPerson(Strict):
    """Somebody the approved request names and the grant does not, with every reason."""

    id: PersonId
    missing: Annotated[tuple[MissingLink, ...], Field(min_length=1)]


class LedgerReference(Strict):
    """Where the decision stands in the board's ledger.

    Attributes:
        chain: Name of the chain.
        seq: Number of the entry.
        hash: Its hash, by which the signer found it.
    """

    chain: Text
    seq: Annotated[int, Field(ge=1, le=HIGHEST_ENTRY)]
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Approval(Strict):
    """One body's or owner's approval."""

    body: Text
    decided_on: date
    ledger: LedgerReference
    clause: Text


class PartySignature(Strict):
    """One party to the sharing agreement; `signed_on` is None until it signed."""

    party: Text
    signed_on: date | None


class SharingAgreement(Strict):
    """The per-request agreement (DSA).

    Attributes:
        effective_on, ends_on: Legal dates, inclusive.
        digest: SHA-256 of the signed document.
    """

    id: Text
    effective_on: date
    ends_on: date
    signatures: Annotated[tuple[PartySignature, ...], Field(min_length=1)]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    clause: Text


class Condition(Strict):
    """A condition of the approval; one with `met_on` None and `blocks_access` holds access back."""

    id: Text
    text: Text
    blocks_access: bool = True
    met_on: date | None = None


class Revocation(Strict):
    """Permission taken back; access ends with that date, that day included."""

    on: date
    reason: Text


class GrantBundle(Strict):
    """Everything the data plane needs to judge a query of one project.

    Attributes:
        format: Of this document.
        version: Grows by at least one with each publication of the project.
        issued_at, expires_at: UTC; after `expires_at` the bundle is stale and must be reissued,
            whatever the grant's own end.
        granted_from, granted_until: Legal dates in America/New_York, inclusive.
        left_out: Named in the approved request, without access: what a refusal tells them.
        approvals: Of the board and of each owner.
        clauses: Overrides of what a refusal cites, by rule name.
    """

    format: Literal["data-enclave/grant/1"] = "data-enclave/grant/1"
    project: ProjectId
    version: Version
    title: Text
    request: Text
    purpose: Text
    legal_basis: Text
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    granted_from: date
    granted_until: date
    datasets: Annotated[tuple[GrantedDataset, ...], Field(min_length=1)]
    people: tuple[GrantedPerson, ...]
    left_out: tuple[LeftOutPerson, ...] = ()
    output: OutputRule
    approvals: Annotated[tuple[Approval, ...], Field(min_length=1)]
    sharing_agreement: SharingAgreement
    forbidden_combinations: tuple[ForbiddenCombination, ...] = ()
    conditions: tuple[Condition, ...] = ()
    revoked: Revocation | None = None
    clauses: Mapping[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if self.expires_at <= self.issued_at:
            raise ValueError("the bundle expires before it is issued")
        if self.granted_until < self.granted_from:
            raise ValueError("the grant ends before it begins")
        for kind, ids in (
            ("dataset", [d.dataset for d in self.datasets]),
            ("person", [*(p.id for p in self.people), *(p.id for p in self.left_out)]),
        ):
            if len(set(ids)) != len(ids):
                raise ValueError(f"a {kind} is named twice")
        return self

    def person(self, person_id: str) -> GrantedPerson | None:
        """That person, or None when the grant does not name them."""
        return next((p for p in self.people if p.id == person_id), None)

    def dataset(self, dataset_id: str) -> GrantedDataset | None:
        """That dataset, or None when it was not granted."""
        return next((d for d in self.datasets if d.dataset == dataset_id), None)

    def clause_of(self, rule: str, default: str) -> str:
        """What a refusal by `rule` cites."""
        return self.clauses.get(rule, default)


class Account(Strict):
    """One sign-in and the person it belongs to.

    Attributes:
        account: Operating-system user name on one machine; subject of a token in production.
        agency: The agency whose data steward the person is: its rejected records may be given to
            this person. None: no agency's.
        valid_from, valid_until: Inclusive; an open end is None.
    """

    account: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    person: PersonId
    agency: Name | None = None
    valid_from: date
    valid_until: date | None = None


class PeopleMapping(Strict):
    """Who is behind a sign-in: signed, because an answer is given to a person, not to a name."""

    format: Literal["data-enclave/people/1"] = "data-enclave/people/1"
    version: Version
    issued_at: AwareDatetime
    expires_at: AwareDatetime
    accounts: tuple[Account, ...]

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if len({a.account for a in self.accounts}) != len(self.accounts):
            raise ValueError("an account is named twice")
        return self

    def account_of(self, account: str, on: date) -> Account | None:
        """The entry of the account, if it is in force on that date."""
        for known in self.accounts:
            if (
                known.account == account
                and known.valid_from <= on
                and (known.valid_until is None or on <= known.valid_until)
            ):
                return known
        return None

    def person_of(self, account: str, on: date) -> str | None:
        """The person behind the account on that date, or None."""
        known = self.account_of(account, on)
        return None if known is None else known.person


class RootKey(Strict):
    """A P-256 public key as a JSON Web Key."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str


class Role(Strict):
    """Which keys may act in a role, and how many must."""

    key_ids: Annotated[tuple[str, ...], Field(min_length=1)]
    threshold: Annotated[int, Field(ge=1, le=HIGHEST_VERSION)]

    @model_validator(mode="after")
    def _check_reachable(self) -> Self:
        if len(set(self.key_ids)) != len(self.key_ids) or self.threshold > len(self.key_ids):
            raise ValueError("a role's threshold cannot be reached by its keys")
        return self


class RootDocument(Strict):
    """Which keys are trusted for what: signed offline, rotated by its own successor.

    Source:
        The Update Framework specification 1.0, §4.3 (root.json) and §5.3 (its update).
    """

    format: Literal["data-enclave/root/1"] = "data-enclave/root/1"
    version: Version
    expires_at: AwareDatetime
    keys: Mapping[str, RootKey]
    roles: Mapping[Literal["root", "signer"], Role]

    @model_validator(mode="after")
    def _check_consistent(self) -> Self:
        if set(self.roles) != {"root", "signer"}:
            raise ValueError("the roles root and signer must both be named")
        named = {key_id for role in self.roles.values() for key_id in role.key_ids}
        if not named <= set(self.keys):
            raise ValueError("a role names a key that is not listed")
        return self


def instant_text(at: datetime) -> str:
    """UTC instant for messages, to the second."""
    return at.isoformat(timespec="seconds")
