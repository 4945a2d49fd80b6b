"""Mail over a real SMTP server with STARTTLS, and into a folder."""

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from pydantic import SecretStr

from governance.errors import ConfigurationError
from governance.mail import (
    FolderMailer,
    MailError,
    MailRefusedError,
    SmtpMailer,
    SmtpServer,
    compose,
    open_mailer,
)
from governance.settings import GovernanceSettings
from tests.lib.mail_server import (
    PASSWORD,
    USER,
    Inbox,
    mail_server,
    make_certificate,
    server_context,
    trusting,
)
from tests.lib.notices import BASE_URL, PROFILE, WRITTEN_AT, build_notice

SENDER = "programme@example.org"
MESSAGE = compose(build_notice(), PROFILE, base_url=BASE_URL, at=WRITTEN_AT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificate")


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[tuple[Inbox, int]]:
    with mail_server(server_context(folder), login=True) as found:
        yield found


@pytest.fixture
def inbox(running: tuple[Inbox, int]) -> Inbox:
    found = running[0]
    found.mails.clear()
    found.recipients.clear()
    found.encrypted.clear()
    found.answer, found.recipient_answer = "250 kept", "250 ok"
    return found


@pytest.fixture
def mailer(running: tuple[Inbox, int], folder: Path) -> SmtpMailer:
    server = SmtpServer(
        "127.0.0.1", running[1], user=USER, password=SecretStr(PASSWORD), context=trusting(folder)
    )
    return SmtpMailer(server, sender=SENDER, sender_name=PROFILE.name)


def test_a_mail_arrives_encrypted_and_whole(inbox: Inbox, mailer: SmtpMailer) -> None:
    mailer.send(MESSAGE)
    assert inbox.encrypted == [True]
    assert inbox.recipients == [MESSAGE.to]
    mail = message_from_bytes(inbox.mails[0], policy=default)
    assert mail["Subject"] == MESSAGE.subject
    assert mail["From"].addresses[0].display_name == PROFILE.name
    assert mail["Message-ID"] == f"<{MESSAGE.id}@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    for kind, expected in (("plain", MESSAGE.text), ("html", MESSAGE.html)):
        part = mail.get_body((kind,))
        assert part is not None
        assert part.get_content().replace("\r\n", "\n") == expected


@pytest.mark.parametrize(
    ("where", "answer", "final"),
    [
        ("answer", "451 robin.lee@example.org: try later", False),
        ("answer", "554 robin.lee@example.org: never", True),
        ("recipient_answer", "450 robin.lee@example.org: busy", False),
        ("recipient_answer", "550 robin.lee@example.org: unknown", True),
    ],
)
def test_what_a_server_answers_is_told_without_an_address(
    inbox: Inbox, mailer: SmtpMailer, where: str, answer: str, *, final: bool
) -> None:
    setattr(inbox, where, answer)
    with pytest.raises(MailError) as error:
        mailer.send(MESSAGE)
    assert isinstance(error.value, MailRefusedError) is final
    assert error.value.retryable is not final
    assert error.value.facts["smtp_code"] == int(answer[:3])
    assert "robin" not in f"{error.value} {error.value.facts}"
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert inbox.mails == []


def test_a_wrong_password_or_an_unknown_certificate_sends_nothing(
    inbox: Inbox, running: tuple[Inbox, int], folder: Path
) -> None:
    wrong = SmtpServer(
        "127.0.0.1", running[1], user=USER, password=SecretStr("wrong"), context=trusting(folder)
    )
    unknown = SmtpServer("127.0.0.1", running[1])
    for server, words in ((wrong, "account"), (unknown, "certificate is not trusted")):
        with pytest.raises(MailError, match=words) as error:
            SmtpMailer(server, sender=SENDER, sender_name="P").send(MESSAGE)
        assert "wrong" not in str(error.value)
    assert inbox.mails == []


def test_without_encryption_nothing_is_sent_unless_asked_for_on_this_machine() -> None:
    with mail_server() as (inbox, port):
        with pytest.raises(MailError, match="no encryption"):
            SmtpMailer(SmtpServer("127.0.0.1", port), sender=SENDER, sender_name="P").send(MESSAGE)
        assert inbox.mails == []
        plain = SmtpServer("127.0.0.1", port, starttls=False)
        SmtpMailer(plain, sender=SENDER, sender_name="P").send(MESSAGE)
        assert inbox.encrypted == [False]
    with pytest.raises(ConfigurationError, match="this machine only"):
        SmtpServer("mail.example.org", starttls=False)


def test_a_server_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = SmtpServer("127.0.0.1", silent.getsockname()[1], timeout_seconds=0.2)
        with pytest.raises(MailError, match="did not answer"):
            SmtpMailer(server, sender=SENDER, sender_name="P").send(MESSAGE)
        port = silent.getsockname()[1]
    with pytest.raises(MailError, match="did not answer"):
        SmtpMailer(SmtpServer("127.0.0.1", port), sender=SENDER, sender_name="P").send(MESSAGE)


def test_the_folder_keeps_each_mail_once_and_whole(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mail", sender=SENDER, sender_name=PROFILE.name)
    for _ in range(2):
        mailer.send(MESSAGE)
    other = compose(build_notice(to="p-dol"), PROFILE, base_url=BASE_URL, at=WRITTEN_AT)
    mailer.send(other)
    files = sorted((tmp_path / "mail").iterdir())
    assert len(files) == 2
    assert all(f.suffix == ".eml" and f.stat().st_mode & 0o077 == 0 for f in files)
    mail = message_from_bytes(files[0].read_bytes(), policy=default)
    assert mail["Subject"] == MESSAGE.subject


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(MailError, match="folder cannot be written"):
        FolderMailer(tmp_path / "file" / "mail", sender=SENDER, sender_name="P").send(MESSAGE)


def test_the_settings_choose(tmp_path: Path) -> None:
    local = GovernanceSettings(home=tmp_path)
    assert isinstance(open_mailer(local, "P"), FolderMailer)
    server = GovernanceSettings(home=tmp_path, smtp_host="mail.example.org")
    assert isinstance(open_mailer(server, "P"), SmtpMailer)
    with pytest.raises(ConfigurationError):
        open_mailer(server.model_copy(update={"smtp_starttls": False}), "P")


def test_a_certificate_is_of_its_folder(tmp_path: Path) -> None:
    """The tests' own certificates: a client that trusts one does not trust the other."""
    make_certificate(tmp_path)
    with mail_server(server_context(tmp_path)) as (inbox, port):
        (tmp_path / "other").mkdir()
        make_certificate(tmp_path / "other")
        server = SmtpServer("127.0.0.1", port, context=trusting(tmp_path / "other"))
        with pytest.raises(MailError, match="certificate is not trusted"):
            SmtpMailer(server, sender=SENDER, sender_name="P").send(MESSAGE)
        assert inbox.mails == []
