"""Guesses a column's type, role and treatment from its name and its profile, with the evidence.

Cautious on purpose: what may say who somebody is, and what nothing is known of, is dropped; a data
steward loosens it. The names are those of education, labor and health files.

Source:
    HIPAA Safe Harbor, 45 CFR 164.514(b)(2)(i): the identifiers that count as direct here.
    FERPA, 34 CFR 99.3: direct and indirect identifiers of students.
"""

import re
from dataclasses import dataclass, field

from enclave.intake.profiling import Profile, share_pct
from governance.contracts.model import IdentifierRole, LogicalType, TreatmentKind

CLEAR_SHARE = 0.98
"""A pattern must hold for this share of the values to decide a type."""

FREE_TEXT_WORDS = 4.0
IDENTIFYING_RATIO = 0.9
MIN_ROWS_JUDGED = 20
OLDEST_TOLD_AGE = 90
"""Who is older is told with them: 45 CFR 164.514(b)(2)(i)(C)."""
ROUNDED_TO = 100
"""Amounts of money are proposed to the nearest hundred."""

DIRECT, QUASI = IdentifierRole.DIRECT, IdentifierRole.QUASI
SENSITIVE, NONE = IdentifierRole.SENSITIVE, IdentifierRole.NONE


@dataclass(frozen=True, slots=True)
class NameRule:
    """What a column's name says.

    Attributes:
        pattern: Searched in the snake_case name.
        what: In words, for the evidence.
        role: Identifier role.
        treatment: Proposed where the type allows it; else the column is dropped.
        domain: Of an entity, or of the person's identifier.
    """

    pattern: str
    what: str
    role: IdentifierRole
    treatment: TreatmentKind = TreatmentKind.DROP
    domain: str = ""


def _word(*words: str) -> str:
    """Whole words of a snake_case name."""
    return r"(?:^|_)(?:" + "|".join(words) + r")(?:_|\d|$)"


NAME_RULES: tuple[NameRule, ...] = (
    NameRule(_word("ssn", "ssno", "social_security.*", "soc_sec.*"), "a social security number",
             DIRECT, TreatmentKind.PERSON_ID, "ssn"),
    NameRule(_word("sasid", "state_assigned_student_id.*", "state_student_id"),
             "a state student number", DIRECT, TreatmentKind.PERSON_ID, "sasid"),
    NameRule(_word("employer", "fein", "ein", "company", "ui_acct", "sponsor") + ".*",
             "an employer", NONE, TreatmentKind.ENTITY_ID, "employer"),
    NameRule(_word("school", "district", "lea", "facility", "provider", "institution", "opeid",
                   "college", "hospital", "agency", "organization", "project", "program"),
             "an organization", NONE, TreatmentKind.ENTITY_ID, "organization"),
    NameRule(_word("first_?name", "last_?name", "middle_?name", "fname", "lname", "mname", "minit",
                   "middle_initial", "surname", "maiden.*", "full_?name", "given_?name",
                   "family_?name", "first", "last", "middle", "suffix", "name", "alias", "nickname",
                   "mother.*", "father.*", "parent.*", "guardian.*"),
             "a person's name", DIRECT),
    NameRule(_word("phone", "telephone", "tel", "fax", "mobile", "cell", "e_?mail.*"),
             "a way to reach somebody", DIRECT),
    NameRule(_word("address", "addr", "street", "apartment", "apt", "residence_address", "po_box",
                   "lat", "latitude", "lon", "long", "longitude", "geo", "coordinates?",
                   ".*city_?geo", "location_geo"),
             "a place finer than a town", DIRECT),
    NameRule(_word("passport", "drivers?", "license_(?:no|num|number|id)", "vin", "plate", "mrn",
                   "medical_record.*", "medicaid_?(?:id|no|num|number)?", "medicare_?(?:id)?",
                   "beneficiary.*", "account_?(?:no|num|number|id)?", "url", "ip_address",
                   "biometric.*", "photo", "username", "user_?id", "login"),
             "a number or mark of one person", DIRECT),
    NameRule(_word("student", "pupil", "client", "patient", "participant", "member", "applicant",
                   "claimant", "apprentice", "inmate", "person", "personal", "case", "individual",
                   "household", "enrollment", "lasid") + r"(?:.*_)?(?:id|no|num|number|key|guid)$",
             "an identifier of a person or case", DIRECT),
    NameRule(_word("dob", "birth_?date", "date_of_birth", "birthday", "birth_dt", "bdate"),
             "a date of birth", QUASI, TreatmentKind.YEAR),
    NameRule(_word("birth_?year", "year_of_birth", "yob"), "a year of birth", QUASI,
             TreatmentKind.TOP_BOTTOM_CODE),
    NameRule(_word("age"), "an age", QUASI, TreatmentKind.AGE_BAND),
    NameRule(_word("zip", "zip_?code", "zip5", "postal_?code", "residence_zip"), "a ZIP code",
             QUASI, TreatmentKind.ZIP3),
    NameRule(_word("town", "city", "municipality",
                   "(?:residence|death|injury|home|mailing)(?:city|town)"),
             "a town", QUASI, TreatmentKind.TOWN_TO_REGION),
    NameRule(_word("sex", "gender", "race", "ethnic.*", "hispanic.*", "citizen.*", "language",
                   "marital.*", "county", "birth_?place", "birth_?country", "nationality",
                   "veteran.*", "occupation", "education_level", "grade", "tribe.*"),
             "a trait others know", QUASI, TreatmentKind.KEEP),
    NameRule(_word("disab.*", "iep", "special_ed.*", "sped", "homeless.*", "lunch", "ell", "el",
                   "foster.*", "migrant", "diagnos.*", "icd.*", "drugs?", "hiv.*", "cause.*",
                   "convict.*", "arrest.*", "offen.e", "crime", "mental.*", "substance.*",
                   "pregnan.*", "immigra.*", "relig.*", "wages?", "salary", "income", "earnings",
                   "gpa", "score", "benefit", "snap", "tanf", "victim.*", "violence"),
             "something people keep to themselves", SENSITIVE, TreatmentKind.KEEP),
)  # fmt: skip


@dataclass(slots=True)
class Guess:
    """What is proposed for one column.

    Attributes:
        logical_type, formats, role, treatment: As in the contract.
        options: Of the treatment, as the document writes them.
        pattern: Only of known kinds (nine digits), never learned from values.
        codes: Where each of them is common.
        domain: Of a person's identifier.
        evidence: Why, in sentences without values.
    """

    logical_type: LogicalType = LogicalType.STRING
    formats: tuple[str, ...] = ()
    role: IdentifierRole = NONE
    treatment: TreatmentKind = TreatmentKind.DROP
    options: dict[str, str | int] = field(default_factory=dict)
    pattern: str = ""
    codes: tuple[str, ...] = ()
    domain: str = ""
    evidence: list[str] = field(default_factory=list)


def guess_column(name: str, profile: Profile) -> Guess:
    """Propose type, role and treatment of a column.

    Args:
        name: Its snake_case name.
        profile: What its values look like.
    """
    guess = Guess()
    if not profile.filled:
        guess.evidence.append("no values in the sample: read as text and dropped")
        return guess
    _guess_type(name, profile, guess)
    if not _guess_by_values(profile, guess) and not _guess_by_name(name, profile, guess):
        _guess_by_shape(profile, guess)
    if guess.treatment is not TreatmentKind.KEEP or guess.role is DIRECT:
        guess.codes = ()
    return guess


def _guess_type(name: str, profile: Profile, guess: Guess) -> None:
    """Type and formats."""
    shares = profile.patterns
    if profile.timestamp_share >= CLEAR_SHARE:
        guess.logical_type, guess.formats = LogicalType.TIMESTAMP, (profile.timestamp_format,)
        share, what = profile.timestamp_share, f"times in the format {profile.timestamp_format}"
    elif profile.date_share >= CLEAR_SHARE and (
        profile.date_format not in {"%Y%m%d", "%m%d%Y"}
        or re.search(r"date|dob|birth|_dt|day", name)
    ):
        guess.logical_type, guess.formats = LogicalType.DATE, (profile.date_format,)
        share, what = profile.date_share, f"dates in the format {profile.date_format}"
    elif _is_boolean(name, profile):
        guess.logical_type = LogicalType.BOOLEAN
        share, what = 1.0, "yes or no"
    elif (
        shares["integer"] >= CLEAR_SHARE
        and not shares["leading_zero"]
        and not _is_number_name(name)
    ):
        guess.logical_type, share, what = LogicalType.INTEGER, shares["integer"], "whole numbers"
    elif shares["number"] >= CLEAR_SHARE and shares["digits"] < CLEAR_SHARE:
        guess.logical_type, share, what = LogicalType.NUMBER, shares["number"], "numbers"
    else:
        guess.codes = profile.codes
        if profile.codes:
            many = "one code" if len(profile.codes) == 1 else f"{len(profile.codes)} codes"
            guess.evidence.append(f"{many}, each of them common")
        if shares["leading_zero"] and shares["digits"] >= CLEAR_SHARE:
            guess.evidence.append(
                f"text, because {share_pct(shares['leading_zero'])} of the values begin with zero"
            )
        return
    guess.evidence.append(f"{share_pct(share)} of the values are {what}")
    if share < 1:
        guess.evidence.append("the other values would fail and be quarantined")
    if guess.formats and guess.formats[0] in {"%m/%d/%Y", "%d/%m/%Y"}:
        guess.evidence.append("check that day and month are not the other way round")


def _is_number_name(name: str) -> bool:
    """Whether digits are a name rather than a quantity: identifiers, codes, ZIP codes."""
    pattern = r"(?:^|_)(?:id|code|cd|zip|zip_?code|no|num|number|ssn|fips|phone|fein|ein)(?:_|$)"
    return re.search(pattern, name) is not None


def _is_boolean(name: str, profile: Profile) -> bool:
    """Whether two common values are the spellings of yes and no."""
    codes = frozenset(profile.codes)
    spelled = ({"Y", "N"}, {"Yes", "No"}, {"true", "false"}, {"TRUE", "FALSE"}, {"True", "False"})
    if any(codes == words for words in spelled):
        return True
    return codes == {"0", "1"} and re.search(r"flag|indicator|_ind$|^is_|^has_", name) is not None


def _guess_by_values(profile: Profile, guess: Guess) -> bool:
    """Roles the values give away whatever the name says."""
    shares = profile.patterns
    if shares["ssn"] >= 0.5:  # noqa: PLR2004  more than chance: grouped 3-2-4 digits
        guess.role, guess.treatment, guess.domain = DIRECT, TreatmentKind.PERSON_ID, "ssn"
        guess.logical_type, guess.pattern = LogicalType.STRING, "[0-9]{3}-?[0-9]{2}-?[0-9]{4}"
        guess.evidence.append(f"direct: {share_pct(shares['ssn'])} of the values look like an SSN")
        return True
    for kind, words in (
        ("email", "an e-mail address"),
        ("phone", "a telephone number"),
        ("street", "a street address"),
        ("coordinates", "coordinates"),
        ("ip_address", "an IP address"),
        ("url", "a web address"),
    ):
        if shares[kind] >= 0.2:  # noqa: PLR2004  a fifth is too many for chance
            guess.role, guess.logical_type = DIRECT, LogicalType.STRING
            guess.evidence.append(
                f"direct: {share_pct(shares[kind])} of the values look like {words}"
            )
            return True
    return False


_MONEY = _word("wages?", "salary", "income", "earnings", "benefit", "amount", "bail")


def _guess_by_name(name: str, profile: Profile, guess: Guess) -> bool:
    """Roles by the name, where the type allows the treatment."""
    rule = next((r for r in NAME_RULES if re.search(r.pattern, name)), None)
    if rule is None:
        return False
    guess.role, guess.domain = rule.role, rule.domain
    role = "" if rule.role is NONE else f"{rule.role.value}: "
    guess.evidence.append(f"{role}the name says {rule.what}")
    guess.treatment = _fitting(rule.treatment, profile, guess)
    if guess.treatment is not rule.treatment:
        keep = rule.treatment is TreatmentKind.KEEP
        why = "not every code is common" if keep else "the values do not suit " + rule.treatment
        guess.evidence.append(f"dropped, because {why}")
    if rule.treatment is TreatmentKind.PERSON_ID:
        guess.logical_type, guess.formats = LogicalType.STRING, ()
        share = profile.patterns["nine_digits"]
        if rule.domain == "ssn":
            guess.pattern = "[0-9]{3}-?[0-9]{2}-?[0-9]{4}"
            guess.evidence.append(f"{share_pct(share)} of the values look like an SSN in one piece")
    if guess.treatment is TreatmentKind.ENTITY_ID:
        guess.options["domain"] = rule.domain
        guess.codes = ()
    if guess.treatment in {TreatmentKind.YEAR, TreatmentKind.TOP_BOTTOM_CODE}:
        guess.options["oldestAge"] = OLDEST_TOLD_AGE
    numeric = guess.logical_type in {LogicalType.INTEGER, LogicalType.NUMBER}
    if numeric and guess.treatment is TreatmentKind.KEEP and re.search(_MONEY, name):
        guess.treatment, guess.options["to"] = TreatmentKind.ROUND, ROUNDED_TO
        guess.evidence.append("rounded, because whoever pays or gets an exact amount knows the row")
    if guess.treatment is TreatmentKind.TOWN_TO_REGION:
        guess.options["to"] = "planning_region"
        guess.codes = ()
    return True


def _fitting(kind: TreatmentKind, profile: Profile, guess: Guess) -> TreatmentKind:
    """The treatment if the column's type and values suit it, else drop."""
    logical = guess.logical_type
    temporal = logical in {LogicalType.DATE, LogicalType.TIMESTAMP}
    suits = {
        TreatmentKind.YEAR: temporal,
        TreatmentKind.AGE_BAND: logical is LogicalType.INTEGER,
        TreatmentKind.TOP_BOTTOM_CODE: logical is LogicalType.INTEGER,
        TreatmentKind.ZIP3: logical is LogicalType.STRING and profile.patterns["zip"] >= 0.5,  # noqa: PLR2004  half of them are ZIP codes
        TreatmentKind.TOWN_TO_REGION: logical is LogicalType.STRING,
        TreatmentKind.ENTITY_ID: profile.mean_words < FREE_TEXT_WORDS and not temporal,
        TreatmentKind.KEEP: _may_be_kept(guess),
    }
    return kind if suits.get(kind, True) else TreatmentKind.DROP


def _may_be_kept(guess: Guess) -> bool:
    """Codes and numbers may be kept; text and dates without a code list may name somebody."""
    if guess.logical_type is LogicalType.STRING:
        return bool(guess.codes)
    return guess.logical_type in {LogicalType.INTEGER, LogicalType.NUMBER, LogicalType.BOOLEAN}


def _guess_by_shape(profile: Profile, guess: Guess) -> None:
    """Roles by how the values are spread, for names that say nothing."""
    judged = profile.filled >= MIN_ROWS_JUDGED
    if guess.logical_type is LogicalType.STRING and profile.mean_words >= FREE_TEXT_WORDS:
        guess.role = SENSITIVE
        guess.evidence.append(
            f"sensitive: free text ({profile.mean_words:.0f} words on average); "
            "consider redact_text instead of drop"
        )
    elif guess.logical_type in {LogicalType.DATE, LogicalType.TIMESTAMP}:
        guess.role, guess.treatment = QUASI, TreatmentKind.YEAR
        guess.evidence.append("quasi: a date others may know; only its year is kept")
    elif (
        judged
        and profile.distinct_ratio >= IDENTIFYING_RATIO
        and guess.logical_type in {LogicalType.STRING, LogicalType.INTEGER}
    ):
        guess.role = DIRECT
        guess.evidence.append(
            f"direct: {share_pct(profile.distinct_ratio)} of the values are distinct"
        )
    elif _may_be_kept(guess):
        guess.treatment = TreatmentKind.KEEP
        guess.evidence.append("no identifier by name or values")
    else:
        guess.role = QUASI
        guess.evidence.append(
            f"quasi: text with {share_pct(profile.distinct_ratio)} distinct values and no code "
            "list of common codes; dropped until a steward decides"
        )
