"""What every store says when it refuses: the same words, whatever lies behind it."""

from governance.errors import LeaseHeldError, ObjectNotFoundError, PreconditionFailedError
from governance.objects.naming import shown_key


def not_found(store: str, key: str) -> ObjectNotFoundError:
    """Nothing lies under the key in the store of that name."""
    return ObjectNotFoundError(f"{store}: nothing lies under {shown_key(key)}.", store=store)


def precondition_failed(store: str, key: str) -> PreconditionFailedError:
    """The condition of a write does not hold."""
    text = f"{store}: {shown_key(key)} exists or changed meanwhile."
    return PreconditionFailedError(text, store=store)


def lease_held(store: str, key: str) -> LeaseHeldError:
    """Somebody else kept the lease for too long."""
    text = f"{store}: somebody else holds {shown_key(key)}; try again later."
    return LeaseHeldError(text, store=store)
