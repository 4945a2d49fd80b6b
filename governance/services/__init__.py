"""Use cases of the control plane: load, decide who may, judge, append, in one transaction.

Whatever a caller hands in, `by` is the actor's own id and `at` the programme's clock. A refusal
raises `AccessDeniedError` after an entry `action:denied`; a bad form raises `DocumentError`; a
change based on what is no longer so raises `StaleError`.
"""

from governance.services.programme import Programme, open_programme

__all__ = ["Programme", "open_programme"]
