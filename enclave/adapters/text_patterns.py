"""What identifies a person in free text and has a shape: data for the recognizers.

Scores do not matter here: every match is masked. The shapes lean to masking too much; what they
cost in good text is measured by tests/benchmarks/redaction.py.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped]

from enclave.deidentify.masks import MaskedSpan

_MONTH: Final = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_YEAR: Final = r"(?:(?:19|20)\d\d|['\u2019]?\d\d)"

_CLOCK: Final = r"(?:[T\s]\d{1,2}:\d{2}(?::\d{2})?)?"

_STREET: Final = (
    r"(?:street|str|st|avenue|ave|av|road|rd|drive|dr|lane|ln|court|ct|circle|cir|boulevard|blvd"
    r"|place|pl|terrace|ter|highway|hwy|route|rte|parkway|pkwy|turnpike|tpke|pike|way|square|sq"
    r"|trail|trl|crescent|close|loop|row|alley|path|extension|ext)"
)
_CITY: Final = r"\p{Lu}[\w'\u2019.-]+(?:[ ]\p{Lu}[\w'\u2019.-]+){0,2}"
_CORNER: Final = r"(?:\d+\s+)?\p{Lu}[\w'\u2019.-]+(?:\s+[\w'\u2019.-]+){0,3}?"
_STATES: Final = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]"
    "|T[NX]|UT|V[AT]|W[AIVY]"
)
_UNIT: Final = r"(?:[,\s]+(?:apt|apartment|unit|suite|ste|floor|fl|room|rm|#)\.?\s*#?\s*[\w-]+)?"

_TITLE: Final = (
    r"(?:Mr|Mrs|Ms|Mx|Miss|Dr|Doctor|Prof|Professor|Rev|Reverend|Fr|Sr|Hon|Judge|Justice|Atty"
    r"|Attorney|Officer|Ofc|Det|Detective|Sgt|Sergeant|Lt|Lieutenant|Capt|Captain|Cpl|Trooper"
    r"|Deputy|Sheriff|Chief|Agent|Nurse|APRN|Teacher|Principal|Coach)"
)
_NAME: Final = (
    r"(?:\p{Lu}\.?(?!\w)|(?:(?:de|la|van|von|der|den|ten|del|da|di|al)\s+)*"
    r"(?:Mc|Mac|O['\u2019]|D['\u2019])?\p{Lu}[\w'\u2019-]+)"
)
_FULL_NAME: Final = rf"{_NAME}(?:[ \t]+{_NAME}){{0,3}}"
_RELATION: Final = (
    r"(?:kid|baby|infant|boy|girl|mother|father|mom|dad|wife|husband|son|daughter|brother|sister|boyfriend"
    r"|girlfriend|fiance|fiancee|partner|friend|roommate|neighbor|cousin|uncle|aunt|grandmother|grandfather|child"
    r"|spouse|landlord|supervisor|counselor|caseworker|patient|client|student|witness|decedent)"
)


@dataclass(frozen=True, slots=True)
class TextPattern:
    """A shape and what it tells; `case` when capitals matter."""

    label: str
    name: str
    regex: str
    case: bool = False


PATTERNS: Final = (
    TextPattern("US_SSN", "ssn", r"(?<!\d)\d{3}[-\s.]?\d{2}[-\s.]?\d{4}(?!\d)"),
    TextPattern("US_SSN", "ssn_masked", r"(?<!\w)[x*#]{3}[-\s.]?[x*#]{2}[-\s.]?\d{4}(?!\d)"),
    TextPattern(
        "PHONE_NUMBER",
        "phone",
        r"(?<![\w.])(?:\+?\d{1,3}[\s.-]?)?\(?\d{2,4}\)?[\s.-]?\d{3}[\s.-]?\d{3,4}"
        r"(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?!\d)",
    ),
    TextPattern("PHONE_NUMBER", "local_phone", r"(?<![\w.-])\d{3}-\d{4}(?![\w-])"),
    TextPattern("EMAIL_ADDRESS", "email", r"[\w.+%'-]+\s?@\s?[\w-]+(?:\.[\w-]+)+"),
    TextPattern("URL", "url", r"(?:https?://|www\.)\S+"),
    TextPattern(
        "URL",
        "domain",
        r"(?<![\w@.])(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|mil|info|biz|io|us|uk|ca|de|fr|co)"
        r"(?:/\S*)?(?!\w)",
    ),
    TextPattern("URL", "handle", r"(?<![\w@])@[A-Za-z]\w{2,}"),
    TextPattern(
        "DATE", "numeric_date", rf"(?<![\d/.-])\d{{1,2}}[/.-]\d{{1,2}}[/.-]{_YEAR}(?!\d){_CLOCK}"
    ),
    TextPattern(
        "DATE", "iso_date", rf"(?<!\d)(?:19|20)\d\d[/.-]\d{{1,2}}(?:[/.-]\d{{1,2}})?(?!\d){_CLOCK}"
    ),
    TextPattern("DATE", "month_and_day", rf"(?<![\d/])(?:0?[1-9]|1[0-2])/{_DAY}(?![\d/])"),
    TextPattern(
        "DATE",
        "written_date",
        rf"\b{_MONTH}\.?\s+{_DAY}(?:st|nd|rd|th)?(?:\s*,?\s+{_YEAR})?\b",
    ),
    TextPattern(
        "DATE",
        "written_date_day_first",
        rf"\b{_DAY}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b\.?(?:\s*,?\s+{_YEAR})?",
    ),
    TextPattern("DATE", "written_month", rf"\b{_MONTH}\.?\s*,?\s+(?:of\s+)?(?:19|20)\d\d\b"),
    TextPattern(
        "AGE", "oldest_age", r"\b(?:9\d|1[0-2]\d)(?=[\s-]*(?:years?|yrs?|y\.?/?o\.?|yo)\b)"
    ),
    TextPattern(
        "ZIP_CODE", "named_zip", r"\b(?:zip|postal)(?:\s?code)?(?:\s+is)?\s*:?\s*[\w-]{3,10}"
    ),
    TextPattern("ZIP_CODE", "zip", r"(?<![\w.-])\d{5}(?:-\d{4})?(?![\w-])"),
    TextPattern(
        "STREET_ADDRESS",
        "street_address",
        rf"\b\d{{1,6}}[A-Z]?\s+(?:[NSEW]\.?\s+)?(?:[\w'\u2019.-]+\s+){{1,4}}?{_STREET}\b\.?{_UNIT}",
    ),
    TextPattern(
        "STREET_ADDRESS",
        "number_and_street",
        r"\b\d{1,6}[A-Z]?\s+(?:\p{Lu}[\w'\u2019.-]*\s+){1,4}\d{1,5}\b",
        case=True,
    ),
    TextPattern(
        "STREET_ADDRESS",
        "state_and_zip",
        rf"(?:{_CITY}[,\s]+)?\b(?:CT|Ct|Conn\.?|Connecticut|{_STATES})[,.\s]+\d{{5}}(?:-\d{{4}})?\b",
        case=True,
    ),
    TextPattern(
        "STREET_ADDRESS", "corner", rf"\bcorner\s+of\s+{_CORNER}\s+and\s+{_CORNER}", case=True
    ),
    TextPattern(
        "STREET_ADDRESS",
        "military",
        r"\b(?:PSC|Unit|CMR)\s+\d+,?\s+Box\s+\d+\s+(?:APO|FPO|DPO)\s+(?:AA|AE|AP)\s+\d{5}",
    ),
    TextPattern("STREET_ADDRESS", "post_box", r"\bp\.?\s?o\.?\s?box\s+#?\d+"),
    TextPattern("STREET_ADDRESS", "unit", r"\b(?:apt|apartment|suite|ste|unit)\.?\s*#?\s*\d+\w?\b"),
    TextPattern(
        "CASE_NUMBER",
        "docket",
        r"(?<!\w)(?=(?:[\w-]*\d){4})(?=[\w-]*[A-Z])[A-Z0-9]+(?:-[A-Z0-9]+)+(?!\w)",
    ),
    TextPattern("CASE_NUMBER", "numbered", r"(?<!\w)\d{2,4}-\d{3,}(?:-\d+)?(?![\w-])"),
    TextPattern(
        "CASE_NUMBER",
        "named_number",
        r"\b(?:case|docket|file|record|mrn|chart|account|acct|policy|claim|permit|license|licence"
        r"|badge|plate|inmate|client|student|patient|medicaid|member|incident|report|id)\b"
        r"(?:\s+(?:no|num|number|id|record))?\s*[.:#-]*\s*(?=[\w-]*\d)[A-Z0-9][\w-]{2,}",
    ),
    TextPattern("NUMBER", "hash_number", r"#\s?\d{3,}"),
    TextPattern("NUMBER", "long_number", r"(?<!\w)\(?\+?\d(?:[\s.()/-]{0,3}\d){6,}(?!\w)"),
    TextPattern(
        "NUMBER", "letters_and_digits", r"(?<!\w)(?=\w*[A-Z])(?=(?:\w*\d){5})[A-Z0-9]{6,}(?!\w)"
    ),
    TextPattern("NUMBER", "iban", r"(?<!\w)[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{2,4}){3,8}(?!\w)"),
    TextPattern("IP_ADDRESS", "ip_v4", r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
    TextPattern("IP_ADDRESS", "ip_v6", r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])"),
    TextPattern("PERSON", "titled_name", rf"\b{_TITLE}\.?\s+{_FULL_NAME}", case=True),
    TextPattern(
        "PERSON",
        "related_name",
        rf"\b(?i:{_RELATION})(?:,|\s+(?i:named|called|is))?\s+{_FULL_NAME}",
        case=True,
    ),
    TextPattern(
        "PERSON",
        "said_name",
        r"\b(?i:name\s+is|named|called|aka|a\.k\.a\.?|known\s+as|i\s+am|i['\u2019]m|call\s+me"
        rf"|shouted\s+at|told|asked|with|by|from|for)\s+{_NAME}(?:[ \t]+{_NAME}){{1,3}}",
        case=True,
    ),
    TextPattern(
        "PERSON",
        "named_name",
        r"\b(?i:name\s+is|names?\s*[:=]|named|aka|a\.k\.a\.?|i\s+am|i['\u2019]m|call\s+me"
        rf"|shouted\s+at|told)\s*{_FULL_NAME}",
        case=True,
    ),
    TextPattern("PERSON", "small_name", r"\bmy\s+name\s+is\s+\w[\w'\u2019-]+(?:\s+[\w'\u2019-]+)?"),
    TextPattern(
        "PERSON",
        "acting_name",
        rf"\b{_FULL_NAME}(?=\s+(?:lives|lived|says|said|states|stated|reports|reported|told|asked"
        r"|called|died|denies|denied|complains|was\s+(?:born|found|seen|arrested|admitted))\b)",
        case=True,
    ),
    TextPattern(
        "PERSON",
        "initial_inside",
        r"\b\p{Lu}\p{Ll}+\s+\p{Lu}\.?\s+\p{Lu}[\w'\u2019-]+",
        case=True,
    ),
)
"""Every shape that is masked."""


_WORD: Final = regex.compile(r"(?<![\w@.])\p{L}[\p{L}\u2019'-]*(?![\w@])")
_NAME_AFTER: Final = regex.compile(rf"(?:[ \t]+{_NAME}){{1,2}}")


class NameLists:
    """Common first names with what follows them, and places, found word by word.

    A first name counts capitalized, with the capitalized words after it, or in small letters by
    itself. A place counts only capitalized: Orange is a town, orange is not.

    Args:
        first_names: Names that are no everyday words.
        places: Names of towns and villages.
    """

    def __init__(self, first_names: Iterable[str], places: Iterable[str]) -> None:
        self._names = {name.lower() for name in first_names}
        spelled = sorted({s for p in places for s in (p, p.upper())}, key=len, reverse=True)
        either = "|".join(regex.escape(place) for place in spelled)
        self._places = regex.compile(rf"\b(?:{either})\b") if spelled else None

    def find(self, text: str) -> Iterator[MaskedSpan]:
        """Spans of names and places."""
        for word in _WORD.finditer(text):
            first = word.group().split("-")[0].lower().removesuffix("'s").removesuffix("\u2019s")
            if first not in self._names:
                continue
            after = _NAME_AFTER.match(text, word.end()) if word.group()[0].isupper() else None
            yield MaskedSpan(word.start(), after.end() if after else word.end(), "PERSON")
        if self._places is not None:
            for place in self._places.finditer(text):
                yield MaskedSpan(place.start(), place.end(), "LOCATION")
