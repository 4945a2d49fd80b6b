"""The receipt's sentences, for a data steward who never saw this software."""

from typing import Final, Literal

from enclave.validate.receipt_facts import ReceiptFacts

VerdictKind = Literal[
    "landed",
    "landed_in_part",
    "rejected",
    "held",
    "refused",
    "duplicate",
    "superseded",
    "failed",
    "underway",
]

_KINDS: Final[dict[str, VerdictKind]] = {
    "rejected": "rejected",
    "held": "held",
    "refused": "refused",
    "duplicate": "duplicate",
    "superseded": "superseded",
    "failed": "failed",
}


def verdict_kind(state: str, rows_set_aside: int) -> VerdictKind:
    """The verdict a submission's state amounts to."""
    if state == "landed":
        return "landed_in_part" if rows_set_aside else "landed"
    return _KINDS.get(state, "underway")


def headline(kind: VerdictKind, rows_set_aside: int, rows_read: int = 1) -> str:
    """The verdict in a few words."""
    if kind == "landed" and not rows_read:
        return "Landed: the file holds no row of this dataset"
    rows = "1 row was" if rows_set_aside == 1 else f"{rows_set_aside:,} rows were"
    words: dict[VerdictKind, str] = {
        "landed": "Landed: every row was accepted",
        "landed_in_part": f"Landed, but {rows} set aside",
        "rejected": "Rejected: nothing was taken into the lake",
        "held": "Held: the rows may tell too much about single people",
        "refused": "Refused: the submission was not taken",
        "duplicate": "Already received: the same file came before",
        "superseded": "Landed, and since replaced by a later revision",
        "failed": "Not loaded: the enclave could not finish it in time",
        "underway": "Still being processed",
    }
    return words[kind]


def explain(kind: VerdictKind, facts: ReceiptFacts) -> str:
    """What the verdict means, in two or three sentences."""
    read, landed = f"{facts.rows_read:,}", f"{facts.rows_landed:,}"
    if kind == "landed" and not facts.rows_read:
        return "The file names this dataset and holds no row of it. Nothing was added to the lake."
    earlier = f" (submission {facts.duplicate_of})" if facts.duplicate_of else ""
    words: dict[VerdictKind, str] = {
        "landed": f"All {read} rows passed the checks, were de-identified and are in the lake.",
        "landed_in_part": f"{landed} of {read} rows are in the lake. The others failed a check: "
        "they are encrypted with your agency's key, and nobody but your agency gets them back.",
        "rejected": _explain_rejection(facts),
        "held": "The rows passed the checks, but the table as it would be afterwards does not keep "
        "to the risk limits of the agreement. Nothing was taken into the lake.",
        "refused": "The file was not opened. The reasons are listed here, with what to do.",
        "duplicate": f"A file with exactly these bytes was received for this period before{earlier}"
        ". Nothing was done with this one.",
        "superseded": "A later revision of the same period took the place of these rows.",
        "failed": "A step of the enclave failed until the last day the file may be kept. The file "
        "is destroyed and nothing of it is in the lake. The fault is the enclave's, not yours.",
        "underway": "A receipt with the outcome follows.",
    }
    return words[kind]


def _explain_rejection(facts: ReceiptFacts) -> str:
    if facts.threshold_pct is None or not facts.rows_set_aside:
        return "The file could not be taken as it is. The reasons are listed here."
    said = " ".join(str(reason.get("reason")) for reason in facts.reasons)
    return (
        f"{said or 'The file could not be taken as it is.'} The failing rows are encrypted with "
        "your agency's key, and nobody but your agency gets them back."
    )


def resubmission(kind: VerdictKind, facts: ReceiptFacts) -> list[dict[str, str]]:
    """How to deliver again, step by step (`text`, `command`); empty when nothing is to do."""
    if kind in {"landed", "superseded", "underway", "duplicate"}:
        return []
    if kind == "failed":
        words = (
            "Ask the operator whether the step is mended; then send the same file again, for the "
            f"same period ({facts.period}) and revision ({facts.revision})."
        )
        return [{"text": words, "command": ""}]
    if kind == "held":
        words = (
            "Talk to the operator: coarser values in some columns, or another limit, need a change "
            "of the agreement."
        )
        return [{"text": words, "command": ""}]
    again = (
        f"Deliver it for the same period ({facts.period}). It becomes revision "
        f"{facts.revision + 1} and takes the place of this one as a whole; rows are never added "
        "twice."
    )
    steps = [
        {"text": "Correct the source, and make the whole extract for the period again.",
         "command": ""},
        {"text": again, "command": ""},
    ]  # fmt: skip
    if facts.rows_set_aside:
        words = "Get your failing rows back, with line numbers and reasons:"
        steps.insert(0, {"text": words, "command": export_command(facts)})
    return steps


def export_command(facts: ReceiptFacts) -> str:
    """What the agency runs to get its rows back."""
    return (
        f"enclave quarantine export {facts.submission_id} --agency {facts.agency} --to failing.csv"
    )
