"""Questions of researchers: parse SQL, bind it to a grant, rewrite, run, control, release."""

from enclave.query.answering import NOTICE, answer
from enclave.query.model import ColumnKind, QueryPlan, QueryRunner, kinds_of
from enclave.query.render import FORMATS, describe_suppression, render_answer
from enclave.query.seen import SeenVersions

__all__ = [
    "FORMATS",
    "NOTICE",
    "ColumnKind",
    "QueryPlan",
    "QueryRunner",
    "SeenVersions",
    "answer",
    "describe_suppression",
    "kinds_of",
    "render_answer",
]
