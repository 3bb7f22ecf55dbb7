"""Ring for a worker. Rows are the queue: a message only makes it happen sooner, and may be lost.

So publishing one never fails the request and hardly delays it: one attempt over a connection of its own, which waits
half a second for a place in the pool and half a second for each answer of the broker; errors are logged and counted.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import Task, current_app
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.pools import producers

from academy import counting

log = logging.getLogger(__name__)

FAILURES = "doorbell-failures"
LONGEST_WAIT_SECONDS = 0.5  # for each of two steps: a place in the pool, then the broker


def ring(task: Task[Any, Any], *args: Any) -> bool:
    """Publish the task once; whether the broker took it."""
    try:
        with producers[_line()].acquire(block=True, timeout=LONGEST_WAIT_SECONDS) as producer:
            task.apply_async(args, producer=producer, retry=False, ignore_result=True)
    except (OSError, KombuError) as error:
        counting.count(FAILURES, seconds=counting.FOR_EVER_SECONDS)
        log.warning("The broker did not take %s: %s", task.name, type(error).__name__)
        return False
    return True


def failures() -> int:
    """How often the broker did not take a message."""
    return counting.total(FAILURES)


def _line() -> Connection:
    """The connection by its options; kombu keeps one pool for equal ones."""
    options = dict(current_app.conf.broker_transport_options or {})
    if not str(current_app.conf.broker_write_url or "").startswith("filesystem:"):
        options |= {
            "socket_connect_timeout": LONGEST_WAIT_SECONDS,
            "socket_timeout": LONGEST_WAIT_SECONDS,
            "connect_timeout": LONGEST_WAIT_SECONDS,
            "max_retries": 0,
        }
    connection: Connection = current_app.connection_for_write(
        connect_timeout=LONGEST_WAIT_SECONDS, transport_options=options
    )
    return connection
