"""Real services for tests: what to do when one is missing, and how none outlives its test run."""

import ctypes
import os
import signal
from typing import NoReturn

import pytest

_PR_SET_PDEATHSIG = 1


def is_ci() -> bool:
    """Whether this is an unattended run, where nothing may be skipped for want of a service."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def missing(what: str, remedy: str) -> NoReturn:
    """Fail under CI, else skip with the way to get it."""
    text = f"{what} is missing: {remedy}"
    if is_ci():
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def die_with_parent() -> None:
    """In a child before it starts: the kernel kills it when its parent dies (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
