"""Load the real public inputs into a home and print what became of each: names and counts only.

    python -m tests.functional.load_real_inputs [--home DIR] [--only WORD ...]

The home is kept, to be looked at: `enclave submissions`, `enclave receipt`, `enclave tables`.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.lib import shared_data
from tests.lib.real_inputs import Outcome, RealInput, all_inputs, deliver, open_home

_WIDTHS = (44, 29, 9, 9, 9, 9)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--home", type=Path, help="a new folder; a temporary one when left out")
    parser.add_argument("--only", nargs="+", default=[], help="words of the file names wanted")
    options = parser.parse_args(arguments)
    if not shared_data.ROOT.is_dir():
        print(f"The real inputs are not there ({shared_data.ROOT}); nothing to load.")
        return 0
    home = options.home or Path(tempfile.mkdtemp(prefix="enclave-real-")) / "home"
    if home.exists() and any(home.iterdir()):
        print(f"{home} is not empty; give a new folder.")
        return 4
    wanted = [real for real in all_inputs() if _is_wanted(real, options.only)]
    return _load(home, wanted)


def _is_wanted(real: RealInput, words: Sequence[str]) -> bool:
    name = f"{real.folder}/{real.name}".lower()
    return real.path.is_file() and (not words or any(word.lower() in name for word in words))


def _load(home: Path, wanted: Sequence[RealInput]) -> int:
    deployment = open_home(home, clock=None)
    started = time.monotonic()
    _print_row("file", "dataset", "state", "read", "set aside", "landed", "why")
    print("-" * 140)
    totals: Counter[str] = Counter()
    submissions: Counter[str] = Counter()
    for real in wanted:
        outcomes = deliver(deployment, real)
        for outcome in _joined(outcomes):
            _print_outcome(real, outcome)
        for outcome in outcomes:
            submissions[outcome.state] += 1
            totals.update(read=outcome.read, landed=outcome.landed, aside=outcome.set_aside)
    print("-" * 140)
    verified = deployment.ledger.verify().verified
    states = [f"{count} {state}" for state, count in submissions.most_common()]
    print(
        f"{len(wanted)} files, {totals['read']:,} rows read, {totals['landed']:,} landed, "
        f"{totals['aside']:,} set aside; submissions: {', '.join(states)}; "
        f"{time.monotonic() - started:.0f} s; "
        f"the ledger {'verifies' if verified else 'DOES NOT VERIFY'}."
    )
    print(f"\nThe home: {home}\nLook further:")
    for command in ("submissions", "tables", "receipt SUBMISSION", "ledger verify"):
        print(f"  enclave {command} --home {home}")
    return 0 if verified else 3


def _joined(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """One line for a file that is refused for the same reason by all its datasets."""
    same = {(outcome.counts, outcome.problems) for outcome in outcomes}
    if len(outcomes) > 1 and len(same) == 1 and not outcomes[0].read:
        return [replace(outcomes[0], dataset=f"all {len(outcomes)} datasets")]
    return list(outcomes)


def _print_outcome(real: RealInput, outcome: Outcome) -> None:
    reasons = [f"{name} ({rows})" for name, rows in outcome.checks.items()]
    _print_row(
        real.name,
        outcome.dataset,
        outcome.state,
        f"{outcome.read:,}",
        f"{outcome.set_aside:,}",
        f"{outcome.landed:,}",
        ", ".join([*outcome.problems, *reasons]),
    )


def _print_row(*cells: str) -> None:
    *sized, last = cells
    shown = [
        cell[:width].ljust(width) if place < 3 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(sized, _WIDTHS, strict=True))
    ]
    print(" ".join(shown), last)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
