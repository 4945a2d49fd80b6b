"""The data plane's own state: submissions and where they stand. Rebuildable; never a cell."""

from enclave.store.submissions import (
    StateError,
    Submission,
    SubmissionState,
    SubmissionStore,
    as_utc,
)

__all__ = ["StateError", "Submission", "SubmissionState", "SubmissionStore", "as_utc"]
