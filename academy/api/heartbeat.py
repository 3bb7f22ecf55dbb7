"""Signs of life of the workers, kept where every process sees them."""

from __future__ import annotations

import time

from django.core.cache import cache

QUEUES = ("prompt", "long")
OLDEST_SECONDS = 90
_KEEP_SECONDS = 24 * 60 * 60


def beat(queue: str) -> None:
    cache.set(f"heartbeat:{queue}", time.time(), _KEEP_SECONDS)


def age_seconds(queue: str) -> float | None:
    """Seconds since the last beat; None if there never was one."""
    at = cache.get(f"heartbeat:{queue}")
    return None if at is None else max(time.time() - at, 0.0)
