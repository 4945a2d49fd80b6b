"""The programme's public outputs: register, annual report, logs, catalog, feed, calendar.

Pure: a `RegisterSource` of replayed states goes in, rows, papers, bytes and JSON come out. What the
public may know is decided in `rows` and `withholding`, nowhere else.
"""

from governance.register.atom import register_feed
from governance.register.catalog import data_json
from governance.register.figures import AnnualFigures, annual_figures
from governance.register.logs import match_log, public, register_table, request_log
from governance.register.meetings import meeting_calendar
from governance.register.open_data import OpenTable, to_csv, to_json, write_csv
from governance.register.report import draft_annual_report
from governance.register.rows import (
    PublicVote,
    RegisterRow,
    public_row,
    register_row,
    register_rows,
)
from governance.register.source import (
    Cost,
    MatchLine,
    Publication,
    RegisterSource,
    RequestRecord,
    record_of,
)

__all__ = [
    "AnnualFigures",
    "Cost",
    "MatchLine",
    "OpenTable",
    "PublicVote",
    "Publication",
    "RegisterRow",
    "RegisterSource",
    "RequestRecord",
    "annual_figures",
    "data_json",
    "draft_annual_report",
    "match_log",
    "meeting_calendar",
    "public",
    "public_row",
    "record_of",
    "register_feed",
    "register_row",
    "register_rows",
    "register_table",
    "request_log",
    "to_csv",
    "to_json",
    "write_csv",
]
