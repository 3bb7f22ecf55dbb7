"""Counts that all processes share and nobody misses after a crash: rate limits, and how often the broker failed.

With Redis they live there. Otherwise, and while Redis is away, they are rows of a small SQLite file of their own beside the data: it is never
synced to disk, so that counting a stranger's request neither waits for the disk nor takes the database's write lock.
Without Redis each machine counts for itself.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sqlite3
import threading
import time
from functools import lru_cache
from pathlib import Path

import redis
from django.conf import settings

from academy.cache import CONNECTION_OPTIONS, no_retry, outage

log = logging.getLogger(__name__)

FOR_EVER_SECONDS = 10 * 365 * 24 * 60 * 60
_SCHEMA = "CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, count INTEGER NOT NULL, ends_at REAL NOT NULL)"
_UPSERT = """
    INSERT INTO counts (key, count, ends_at) VALUES (:key, 1, :ends_at)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN ends_at <= :now THEN 1 ELSE count + 1 END,
        ends_at = CASE WHEN ends_at <= :now THEN :ends_at ELSE ends_at END
    RETURNING count, ends_at
"""
_local = threading.local()


def count(key: str, *, seconds: int) -> tuple[int, float]:
    """Count once more under `key`; the count so far and the seconds until it starts anew.

    A count lasts `seconds` from its first event. A store that fails is logged and counts nothing: (0, 0).
    """
    if settings.REDIS_URL and not outage.lasts():
        try:
            return _in_redis(key, seconds)
        except (redis.RedisError, OSError) as error:
            outage.begin(error)
    try:
        return _in_rows(key, seconds)
    except (sqlite3.Error, OSError):
        log.exception("The count of %s failed", key.split(":", 1)[0])
        return 0, 0.0


def total(key: str) -> int:
    """The count so far, without counting; with Redis, that of its outages included."""
    counted = 0
    if settings.REDIS_URL and not outage.lasts():
        try:
            counted = int(_client(settings.REDIS_URL).get(f"count:{key}") or 0)
        except (redis.RedisError, OSError) as error:
            outage.begin(error)
    try:
        row = _rows().execute("SELECT count FROM counts WHERE key = ? AND ends_at > ?", (key, time.time())).fetchone()
    except (sqlite3.Error, OSError):
        log.exception("The count of %s cannot be read", key.split(":", 1)[0])
        return counted
    return counted + (int(row[0]) if row else 0)


def _in_redis(key: str, seconds: int) -> tuple[int, float]:
    pipeline = _client(settings.REDIS_URL).pipeline(transaction=True)
    pipeline.set(f"count:{key}", 0, ex=seconds, nx=True)
    pipeline.incr(f"count:{key}")
    pipeline.ttl(f"count:{key}")
    _set, counted, left = pipeline.execute()
    return int(counted), float(max(left, 0))


@lru_cache(maxsize=1)
def _client(url: str) -> redis.Redis:
    """One for all threads: it keeps a pool of connections."""
    return redis.Redis.from_url(url, retry=no_retry(), **CONNECTION_OPTIONS)


def _in_rows(key: str, seconds: int) -> tuple[int, float]:
    now = time.time()
    rows = _rows()
    counted, ends_at = rows.execute(_UPSERT, {"key": key, "now": now, "ends_at": now + seconds}).fetchone()
    if counted == 1:  # a new count began: a good moment to forget the old ones
        rows.execute("DELETE FROM counts WHERE ends_at <= ?", (now,))
    return int(counted), max(ends_at - now, 0.0)


def _rows() -> sqlite3.Connection:
    """This thread's connection; a forked process opens its own."""
    owner = (os.getpid(), str(settings.COUNTS_PATH))
    if getattr(_local, "owner", None) != owner:
        path = Path(settings.COUNTS_PATH)
        path.parent.mkdir(parents=True, exist_ok=True)
        with Path(f"{path}.opening").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # SQLite refuses, without waiting, the second of two that open a new file
            _local.rows = _opened(path)
        _local.owner = owner
    rows: sqlite3.Connection = _local.rows
    return rows


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=1, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute(_SCHEMA)
    return connection
