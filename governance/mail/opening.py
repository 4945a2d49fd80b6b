"""Which mailer the settings ask for."""

from governance.mail.folder import FolderMailer
from governance.mail.port import Mailer
from governance.mail.smtp import SmtpMailer, SmtpServer
from governance.settings import GovernanceSettings


def open_mailer(settings: GovernanceSettings, sender_name: str) -> Mailer:
    """The mail server when one is named, else the folder.

    Raises:
        ConfigurationError: A server off this machine without encryption.
    """
    if settings.smtp_host is None:
        return FolderMailer(
            settings.mail_path, sender=settings.mail_sender, sender_name=sender_name
        )
    server = SmtpServer(
        settings.smtp_host,
        settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
    )
    return SmtpMailer(server, sender=settings.mail_sender, sender_name=sender_name)
