"""Questions of researchers: parse SQL, bind it to a grant, rewrite, run, control, release."""

from enclave.query.answering import NOTICE, Judged, answer, judge
from enclave.query.model import ColumnKind, QueryPlan, QueryRunner, kinds_of
from enclave.query.render import FORMATS, describe_suppression, render_answer
from enclave.query.seen import SeenVersions
from enclave.query.watching import PolicyWatch, Watch

__all__ = [
    "FORMATS",
    "NOTICE",
    "ColumnKind",
    "Judged",
    "PolicyWatch",
    "QueryPlan",
    "QueryRunner",
    "SeenVersions",
    "Watch",
    "answer",
    "describe_suppression",
    "judge",
    "kinds_of",
    "render_answer",
]
