"""Settings of the Airflow stack on one machine, and the sign-in to it.

Written to private files under `{home}/airflow/server`: the components read them, and so does the
`airflow` command when AIRFLOW_HOME points there. Nothing secret is passed as an argument.
"""

import base64
import configparser
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from dags.in_process import airflow_folder, dags_folder

OPERATOR = "operator"
"""The one who may trigger, pause and clear; no more users are made here."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a person signs in.

    Attributes:
        user, password: Of the operator.
        is_new: Whether the password was made just now.
        file: Where it is kept, readable by its owner only.
    """

    user: str
    password: str
    is_new: bool
    file: Path


def server_folder(home: Path) -> Path:
    """AIRFLOW_HOME of the stack."""
    folder = airflow_folder(home) / "server"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def prepare_sign_in(home: Path) -> SignIn:
    """The operator's password, kept from one start to the next."""
    file = server_folder(home) / "passwords.json"
    is_new = not file.is_file()
    if is_new:
        _write_private(file, json.dumps({OPERATOR: secrets.token_urlsafe(18)}))
    password = json.loads(file.read_text(encoding="utf-8"))[OPERATOR]
    return SignIn(OPERATOR, password, is_new, file)


def write_settings(home: Path, *, port: int, database_url: str) -> Path:
    """Write `airflow.cfg` for the stack; returns AIRFLOW_HOME."""
    folder, logs = server_folder(home), airflow_folder(home) / "logs"
    settings: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": dags_folder(),
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 4,
            "dags_are_paused_at_creation": True,
            "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
            "simple_auth_manager_users": f"{OPERATOR}:op",
            "simple_auth_manager_all_admins": False,
            "simple_auth_manager_passwords_file": prepare_sign_in(home).file,
        },
        "database": {"sql_alchemy_conn": database_url},
        "api": {
            "host": "127.0.0.1",
            "port": port,
            "base_url": f"http://127.0.0.1:{port}",
            "workers": 1,
            "secret_key": secrets.token_urlsafe(32),
            "expose_config": False,
        },
        "api_auth": {"jwt_secret": secrets.token_urlsafe(48)},
        "logging": {
            "base_log_folder": logs,
            "dag_processor_child_process_log_directory": logs / "dag_processor",
            "colored_console_log": False,
        },
        "scheduler": {"enable_health_check": False},
        # A task's supervisor may notice its end only with the next heartbeat; 5 s otherwise.
        "workers": {"min_heartbeat_interval": 1},
        "dag_processor": {"min_file_process_interval": 30, "refresh_interval": 30},
        "usage_data_collection": {"enabled": False},
    }
    parser = configparser.ConfigParser(interpolation=None)
    for section, values in settings.items():
        # Airflow interpolates with %, so a % stands for itself only when doubled.
        parser[section] = {key: str(value).replace("%", "%%") for key, value in values.items()}
    text = _Text()
    parser.write(text)
    _write_private(folder / "airflow.cfg", text.content)
    return folder


class _Text:
    """A writable that keeps what is written."""

    def __init__(self) -> None:
        self.content = ""

    def write(self, text: str, /) -> None:
        self.content += text


def _write_private(file: Path, content: str) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8")
