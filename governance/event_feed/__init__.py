"""The data plane's signed, row-free feed of events: its format, its verification, and its rows.

The enclave publishes batches into the policy zone (`enclave.event_feed`); whoever shows what
happened there reads them here. Only what `PUBLISHED` lists can be in a batch, on either side.
"""

from governance.event_feed.model import (
    FEED_TYPE,
    EventBatch,
    FeedEvent,
    QueryCount,
    batch_key,
    parse_batch,
    publishable,
)
from governance.event_feed.published import PUBLISHED, Published
from governance.event_feed.reading import (
    START,
    FeedPosition,
    FeedReading,
    FeedStop,
    read_feed,
)
from governance.event_feed.rows import (
    DatasetHealth,
    DestructionRow,
    FeedView,
    MatchRow,
    QueryRow,
    ReleaseRow,
    SubmissionRow,
    view_of,
)
from governance.event_feed.trust import load_keys, pin_key

__all__ = [
    "FEED_TYPE",
    "PUBLISHED",
    "START",
    "DatasetHealth",
    "DestructionRow",
    "EventBatch",
    "FeedEvent",
    "FeedPosition",
    "FeedReading",
    "FeedStop",
    "FeedView",
    "MatchRow",
    "Published",
    "QueryCount",
    "QueryRow",
    "ReleaseRow",
    "SubmissionRow",
    "batch_key",
    "load_keys",
    "parse_batch",
    "pin_key",
    "publishable",
    "read_feed",
    "view_of",
]
