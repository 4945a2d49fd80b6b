"""The data plane's own state: submissions and where they stand. Rebuildable; never a cell."""

from enclave.store.submissions import Submission, SubmissionState, SubmissionStore

__all__ = ["Submission", "SubmissionState", "SubmissionStore"]
