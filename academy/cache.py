"""The cache in Redis as something pages can do without: while Redis is away, nothing is found and nothing is kept.

A process that met a failure leaves Redis alone for some seconds, so that a page with many reads waits once and briefly.
What it could not replace or delete meanwhile it deletes as soon as Redis answers again: a session that ended during
the outage does not come back, and pages kept before a change are not served after it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 1
PAUSE_SECONDS = 5
MOST_OUTDATED = 50_000  # keys; beyond that the oldest are forgotten
# How every connection to Redis is made, also that of `academy.counting`.
CONNECTION_OPTIONS = {"socket_connect_timeout": LONGEST_WAIT_SECONDS, "socket_timeout": LONGEST_WAIT_SECONDS}
R = TypeVar("R")


def no_retry() -> Retry:
    return Retry(NoBackoff(), 0)


class Outage:
    """What this process knows of Redis being away; all its threads share it."""

    def __init__(self) -> None:
        self._until = 0.0

    def lasts(self) -> bool:
        """Whether Redis failed so recently that asking it again would be waste."""
        return time.monotonic() < self._until

    def begin(self, error: Exception) -> None:
        self._until = time.monotonic() + PAUSE_SECONDS
        log.warning("Redis is away, doing without it for %s s: %s", PAUSE_SECONDS, type(error).__name__)


outage = Outage()
_outdated: dict[str, None] = {}  # keys whose value in Redis is not the true one any more, oldest first


class ForgivingClient(RedisCacheClient):
    """Each method answers for a Redis that is away as for one that is empty; the types are those of its parent."""

    def __init__(self, servers: Any, **options: Any) -> None:
        super().__init__(servers, **(CONNECTION_OPTIONS | {"retry": no_retry()} | options))

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        """True while Redis is away: allauth takes its lock this way, and would wait for it in vain."""
        return self._ask(super().add, key, value, timeout, otherwise=True)

    def get(self, key: Any, default: Any) -> Any:
        return self._ask(super().get, key, default, otherwise=default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        self._ask(super().set, key, value, timeout, otherwise=None, changes=[key])

    def touch(self, key: Any, timeout: Any) -> bool:
        return self._ask(super().touch, key, timeout, otherwise=False)

    def delete(self, key: Any) -> bool:
        return self._ask(super().delete, key, otherwise=False, changes=[key])

    def get_many(self, keys: Any) -> dict[Any, Any]:
        return self._ask(super().get_many, keys, otherwise={})

    def has_key(self, key: Any) -> bool:
        return self._ask(super().has_key, key, otherwise=False)

    def incr(self, key: Any, delta: Any) -> Any:
        """ValueError while Redis is away, as for a key that is not there."""
        value = self._ask(super().incr, key, delta, otherwise=None, changes=[key])
        if value is None:
            raise ValueError(f"Key {key!r} not found.")
        return value

    def set_many(self, data: Any, timeout: Any) -> None:
        self._ask(super().set_many, data, timeout, otherwise=None, changes=data)

    def delete_many(self, keys: Any) -> None:
        self._ask(super().delete_many, keys, otherwise=None, changes=keys)

    def clear(self) -> bool:
        return self._ask(super().clear, otherwise=False)

    def _ask(self, do: Callable[..., R], *args: Any, otherwise: R, changes: Iterable[str] = ()) -> R:
        if not outage.lasts():
            try:
                self._delete_outdated()
                return do(*args)
            except (RedisError, OSError) as error:
                outage.begin(error)
        _outdated.update(dict.fromkeys(changes))
        while len(_outdated) > MOST_OUTDATED:
            _outdated.pop(next(iter(_outdated)), None)
        return otherwise

    def _delete_outdated(self) -> None:
        keys = list(_outdated)
        if not keys:
            return
        for key in keys:  # first, so that a key another thread adds meanwhile stays
            _outdated.pop(key, None)
        try:
            self.get_client(None, write=True).delete(*keys)
        except (RedisError, OSError):
            _outdated.update(dict.fromkeys(keys))
            raise


class ForgivingRedisCache(RedisCache):
    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
