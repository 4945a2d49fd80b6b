"""The redactor proper: loading takes seconds, so one is made for the module."""

import pytest

from enclave.adapters import presidio
from enclave.adapters.presidio import PresidioRedactor
from enclave.deidentify import RedactionUnavailableError

pytestmark = pytest.mark.xdist_group("presidio")


@pytest.fixture(scope="module")
def redactor() -> PresidioRedactor:
    return PresidioRedactor()


@pytest.mark.parametrize(
    ("canary", "text"),
    [
        ("078-05-1120", "SSN 078-05-1120 on file."),
        ("078051120", "SSN is 078051120"),
        ("XXX-XX-1120", "ssn XXX-XX-1120"),
        ("(860) 555-0142", "Call (860) 555-0142 today"),
        ("860.555.0142", "or 860.555.0142"),
        ("555-0142", "at 555-0142."),
        ("zelda.q@example.org", "Wrote to zelda.q@example.org"),
        ("www.example.org/zelda", "see www.example.org/zelda"),
        ("03/14/2015", "seen on 03/14/2015."),
        ("2015-03-14 10:22", "at 2015-03-14 10:22"),
        ("March 14, 2015", "born March 14, 2015 in"),
        ("14 Mar 2015", "on 14 Mar 2015"),
        ("3/14", "seen 3/14 again"),
        ("93", "A 93 year old man"),
        ("06103", "lives in 06103 area"),
        ("55 Elm Street", "lives at 55 Elm Street, Apt 3B"),
        ("Apt 3B", "lives at 55 Elm Street, Apt 3B"),
        ("P.O. Box 99", "write to P.O. Box 99"),
        ("HHD-CR19-0123456-S", "docket HHD-CR19-0123456-S continued"),
        ("19-12345", "ME case 19-12345"),
        ("MRN 88123", "MRN 88123 reviewed"),
        ("Quisling", "Dr. Quisling was called"),
        ("Quisling", "her mother Quisling was called"),
        ("Quisling", "his name is Quisling"),
        ("Jennifer", "JENNIFER WAS FOUND AT HOME"),
        ("jennifer", "jennifer was found at home"),
        ("Hartford", "taken to a shelter in Hartford"),
        ("Borkowski", "Maria Borkowski fell. Borkowski was alone."),
        ("4111 1111 1111 1111", "paid by 4111 1111 1111 1111"),
        ("192.168.10.77", "from 192.168.10.77"),
    ],
)
def test_what_identifies_is_masked(redactor: PresidioRedactor, canary: str, text: str) -> None:
    (masked,) = redactor.redact([text], [()])
    assert canary not in masked
    assert "<" in masked


@pytest.mark.parametrize(
    "text",
    [
        "Used heroin and cocaine",
        "Acute Fentanyl Intoxication",
        "Residential Building",
        "Hypertensive Cardiovascular Disease",
        "Took 20 mg of medication, 3 times a day, since 2015.",
        "Student was absent for 12 days.",
        "",
    ],
)
def test_what_names_nobody_stands(redactor: PresidioRedactor, text: str) -> None:
    assert redactor.redact([text], [()]) == [text]


def test_own_words_are_masked_whatever_the_model_thinks(redactor: PresidioRedactor) -> None:
    texts = ["the will of grace", "the will of grace"]
    assert redactor.redact(texts, [("Grace",), ()]) == ["the will of <PERSON>", texts[1]]


def test_a_very_long_text_is_masked_whole(redactor: PresidioRedactor) -> None:
    assert redactor.redact(["x " * 30_000, "fine"], [(), ()]) == ["<TEXT>", "fine"]


def test_nothing_to_do(redactor: PresidioRedactor) -> None:
    assert redactor.redact([], []) == []


def test_a_failure_refuses_and_says_nothing_of_the_text(
    redactor: PresidioRedactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str, *_: object) -> str:
        raise ValueError(text)

    monkeypatch.setattr(presidio, "_masked", broken)
    with pytest.raises(RedactionUnavailableError) as caught:
        redactor.redact(["canary-text"], [()])
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_without_the_model_there_is_no_redactor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presidio, "_MODEL", "no_such_model")
    with pytest.raises(RedactionUnavailableError):
        PresidioRedactor()
