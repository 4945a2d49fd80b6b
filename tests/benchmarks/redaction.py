"""Recall and precision of free-text masking on labelled made-up texts, as JSON.

`python -m tests.benchmarks.redaction [--misses LABEL]`; needs ../shared/data/labelled_text.
Recall is counted by labelled span (masked whole, in part, not at all) and by character; precision
by character: of all masked characters, how many some label covers (any kind of label).
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from enclave.adapters.presidio import PresidioRedactor
from tests.lib.shared_data import ROOT

KINDLESS = {"TITLE", "AGE", "YEAR_OR_WEEKDAY"}
"""What Safe Harbor lets stand (Mr., an age below 90, a bare year or weekday): left out of recall,
no fault when masked."""


def covered(spans: list[Any], length: int) -> list[bool]:
    mask = [False] * length
    for span in spans:
        mask[span.start : span.end] = [True] * (span.end - span.start)
    return mask


def measure(texts: list[dict[str, Any]], redactor: PresidioRedactor, misses: str | None) -> Any:
    found = redactor._analyze([t["full_text"] for t in texts])
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    masked_characters = right_characters = all_characters = 0
    for text, spans in zip(texts, found, strict=True):
        full = text["full_text"]
        mask = covered(spans, len(full))
        truth = [False] * len(full)
        for span in text["spans"]:
            start, end = span["start_position"], span["end_position"]
            truth[start:end] = [True] * (end - start)
            wanted = [
                m for m, c in zip(mask[start:end], full[start:end], strict=True) if c.isalnum()
            ]
            hit = sum(wanted)
            kind = "whole" if hit == len(wanted) else "part" if hit else "missed"
            label = span["entity_type"]
            if label == "DATE_TIME" and (full[start:end].isdigit() or full[start:end].isalpha()):
                label = "YEAR_OR_WEEKDAY"
            counts = by_label[label]
            counts.update({kind: 1, "characters": len(wanted), "masked": hit})
            if misses == span["entity_type"] and kind != "whole":
                print(kind, "|", span["entity_value"], "|", full[:160].replace("\n", " "))
        masked_characters += sum(mask)
        right_characters += sum(m and t for m, t in zip(mask, truth, strict=True))
        all_characters += len(full)
    return summary(by_label) | {
        "precision_characters": round(right_characters / masked_characters, 3),
        "masked_share_of_characters": round(masked_characters / all_characters, 3),
    }


def rates(counts: Counter[str]) -> dict[str, float]:
    spans = counts["whole"] + counts["part"] + counts["missed"]
    return {
        "spans": spans,
        "recall_whole": round(counts["whole"] / spans, 3),
        "recall_any": round(1 - counts["missed"] / spans, 3),
        "recall_characters": round(counts["masked"] / max(1, counts["characters"]), 3),
    }


def summary(by_label: dict[str, Counter[str]]) -> dict[str, Any]:
    total: Counter[str] = Counter()
    for label, counts in by_label.items():
        if label not in KINDLESS:
            total.update(counts)
    return {
        "identifying": rates(total),
        "by_label": {label: rates(counts) for label, counts in sorted(by_label.items())},
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--misses")
    parser.add_argument("--half", choices=["even", "odd", "all"], default="all")
    arguments = parser.parse_args()
    texts = json.loads(Path(ROOT / "labelled_text" / "synth_dataset_v2.json").read_text())
    # Shapes were tuned while looking at the even half only; the odd half shows what that is worth.
    if arguments.half != "all":
        texts = [t for i, t in enumerate(texts) if i % 2 == (arguments.half == "odd")]
    started = time.perf_counter()
    redactor = PresidioRedactor()
    loaded = time.perf_counter()
    result = measure(texts, redactor, arguments.misses)
    seconds = time.perf_counter() - loaded
    result |= {
        "texts": len(texts),
        "half": arguments.half,
        "load_seconds": round(loaded - started, 2),
        "texts_per_second": round(len(texts) / seconds),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
