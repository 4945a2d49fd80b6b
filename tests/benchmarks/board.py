"""How long a board decision takes: `python -m tests.benchmarks.board` prints JSON.

Fifteen seats, three proxies, two recusals, every seat voting: the largest vote the programme has.
"""

import json
import statistics
import time

from governance.board.explain import explain
from governance.board.voting import decide_motion
from tests.lib.board import build_facts, build_interest, build_proxy, build_vote

AGENCIES = tuple(f"agency_{n:02d}" for n in range(15))
ROUNDS = 2_000


def main() -> None:
    """Measure and print medians and 99th percentiles in milliseconds."""
    absent = AGENCIES[:3]
    facts = build_facts(
        "---" + "y" * 12,
        agencies=AGENCIES,
        others=tuple(f"p-holder-{a}" for a in absent),
        proxies=tuple(build_proxy(a, f"p-holder-{a}") for a in absent),
        interests=tuple(build_interest(f"p-{a}") for a in AGENCIES[-2:]),
        more_votes=tuple(build_vote(a, person=f"p-holder-{a}") for a in absent),
    )
    assert decide_motion(facts).passed
    results = {}
    for name, work in (
        ("decide_motion", lambda: decide_motion(facts)),
        ("decide_and_explain", lambda: explain(decide_motion(facts))),
    ):
        took = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            work()
            took.append((time.perf_counter() - start) * 1000)
        took.sort()
        results[name] = {
            "median_ms": round(statistics.median(took), 4),
            "p99_ms": round(took[int(ROUNDS * 0.99)], 4),
        }
    print(json.dumps(results))


if __name__ == "__main__":
    main()
