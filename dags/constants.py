"""Times and retries shared by every DAG."""

from datetime import timedelta

LEGAL_TIMEZONE = "America/New_York"
"""Schedules and legal dates are the state's."""

RETRIES = 3
RETRY_DELAY = timedelta(minutes=1)
RETRY_BACKOFF = 2.0
"""Each retry waits twice as long as the one before; only retryable errors get one."""
MAX_RETRY_DELAY = timedelta(minutes=30)

WAIT_FOR_DROP = timedelta(days=7)
"""How long after the agreed time a feed waits before the run fails as overdue."""
POLL_INTERVAL = timedelta(seconds=10)
"""How often the landing zone is listed while a feed waits."""

PROCESS_TIMEOUT = timedelta(hours=4)
"""One streaming pass; 100 million rows took far less on two cores."""
LAND_TIMEOUT = timedelta(hours=1)
STEP_TIMEOUT = timedelta(minutes=30)
"""Every other step: lists, receipts, clocks."""
