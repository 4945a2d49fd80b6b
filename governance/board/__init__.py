"""The boards' rules: bylaws, seats, meetings, proxies, recusals, motions and votes (pure).

`decide_motion(facts)` computes an outcome from facts alone; `explain(outcome)` prints why.
"""

from governance.board.bylaws import BodyRules, Bylaws, MotionKind, default_bylaws, load_bylaws
from governance.board.explain import explain
from governance.board.model import MotionFacts, parse_motion
from governance.board.voting import MotionOutcome, decide_motion

__all__ = [
    "BodyRules",
    "Bylaws",
    "MotionFacts",
    "MotionKind",
    "MotionOutcome",
    "decide_motion",
    "default_bylaws",
    "explain",
    "load_bylaws",
    "parse_motion",
]
