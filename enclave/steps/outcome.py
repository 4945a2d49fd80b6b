"""What a step returns to whoever drives it: ids, states and counts; never a value out of a row."""

from dataclasses import dataclass

from enclave.store import Submission


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """Where a submission stands after a step.

    Attributes:
        submission_id: Random id.
        agency, dataset, period, revision: Of the submission.
        state: A `SubmissionState`.
        rows_read, rows_landed, rows_quarantined: Counts so far.
    """

    submission_id: str
    agency: str
    dataset: str
    period: str
    revision: int
    state: str
    rows_read: int
    rows_landed: int
    rows_quarantined: int

    def to_xcom(self) -> dict[str, str | int]:
        """Ids and counts, for Airflow's XCom."""
        return {
            "submission_id": self.submission_id,
            "agency": self.agency,
            "dataset": self.dataset,
            "period": self.period,
            "revision": self.revision,
            "state": self.state,
            "rows_read": self.rows_read,
            "rows_landed": self.rows_landed,
            "rows_quarantined": self.rows_quarantined,
        }


def outcome_of(submission: Submission) -> StepOutcome:
    """The outcome as the state store has it."""
    return StepOutcome(
        submission_id=submission.id,
        agency=submission.agency,
        dataset=submission.dataset,
        period=submission.period,
        revision=submission.revision,
        state=submission.state,
        rows_read=submission.rows_read,
        rows_landed=submission.rows_landed,
        rows_quarantined=submission.rows_quarantined,
    )
