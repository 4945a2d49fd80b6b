"""What the programme runs by: changed in its files and settings, never here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from governance.decisions import check_permitted
from governance.permissions import Action, Actor, decide_action
from governance.services.programme import Programme
from governance.services.recording import denials_recorded
from governance.settings import GovernanceSettings
from governance.store.streams import PROGRAMME

_NEVER_SHOWN: Final = frozenset({"oidc_role_map"})


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting.

    Attributes:
        value: As a text; of a secret only whether it is set.
    """

    name: str
    value: str
    description: str


def read_settings(p: Programme, actor: Actor) -> tuple[Setting, ...]:
    """Every setting in use; no secret is shown.

    Raises:
        AccessDeniedError: The actor may not; recorded.
    """
    with denials_recorded(p, actor, Action.READ_CONFIGURATION.value, PROGRAMME):
        check_permitted(decide_action(actor, Action.READ_CONFIGURATION, today=p.today))
    return tuple(_settings(p.settings))


def _settings(given: GovernanceSettings) -> Iterator[Setting]:
    for name, field in GovernanceSettings.model_fields.items():
        value = getattr(given, name)
        secret = isinstance(value, SecretStr) or "Secret" in str(field.annotation)
        if secret or name in _NEVER_SHOWN:
            shown = "set; not shown" if value else "not set"
        else:
            shown = "not set" if value is None else str(value)
        yield Setting(name, shown, field.description or "")
