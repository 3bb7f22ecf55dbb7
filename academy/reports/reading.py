"""Where the tables of reports are read, and how long a page may take for it.

With REPORTS_DATABASE_URL they are read from that database, a replica or the same one over connections of its own;
otherwise from the one everything else uses. Roles and everything that is written stay with the latter.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction

ALIAS = "reports"
log = logging.getLogger(__name__)
AGAIN_SECONDS = 0.2  # a statement that began just then is not spared

_apart: ContextVar[bool] = ContextVar("reports_read_apart", default=False)


class TooLong(Exception):
    """The statement was ended: the table is too large for a page."""


class Away(OperationalError):
    """The database for reports cannot be reached, or ended a statement for reasons of its own, as a replica does."""


class ReportsRouter:
    """Inside of `apart` queries go to the database for reports; what is written never does, nor the book of exports."""

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        return ALIAS if _apart.get() and model._meta.app_label != "reports" else None

    def db_for_write(self, _model: Any, **_hints: Any) -> str | None:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, _one: Any, _other: Any, **_hints: Any) -> bool | None:
        return True  # it is the same data

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool | None:
        return False if db == ALIAS else None


@contextmanager
def apart() -> Iterator[str]:
    """Read from the database for reports, if there is one; gives the alias. Away if that one cannot be read."""
    has_own = ALIAS in settings.DATABASES
    token = _apart.set(has_own)
    try:
        yield ALIAS if has_own else DEFAULT_DB_ALIAS
    except OperationalError as error:
        if has_own:
            raise Away from error
        raise
    finally:
        _apart.reset(token)


def connection_of_reports() -> Any:
    """The one that this thread reads tables with: the own one of reports if there is one."""
    return connections[ALIAS if ALIAS in settings.DATABASES else DEFAULT_DB_ALIAS]


def end_statement(connection: Any) -> None:
    """End what another thread waits for over this connection, if it waits; a statement that begins just then is spared."""
    raw = connection.connection
    if raw is None:
        return
    if connection.vendor == "sqlite":
        raw.interrupt()
        return
    try:
        raw.cancel_safe(timeout=5.0)
    except Exception:  # whatever hinders it, the next try may reach the server
        log.exception("A statement could not be ended")


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read in here is of one moment, where the database can do that without holding others up: PostgreSQL.

    Nothing can be written. Within a transaction it is that one which decides.
    """
    alias = ALIAS if _apart.get() else DEFAULT_DB_ALIAS
    used = connections[alias]
    if used.vendor != "postgresql" or used.in_atomic_block:
        yield
        return
    with transaction.atomic(using=alias):
        with used.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """`apart`, and TooLong if a statement is still at work after so many seconds from here.

    The connection is told to stop by a thread. A timeout of the server would be one more statement per page, and
    SQLite has none.
    """
    with apart() as alias:
        watch = _Watch(connections[alias], seconds)
        watch.start()
        try:
            yield
        except OperationalError as error:
            if watch.has_ended_one:
                raise TooLong from error
            raise
        finally:
            watch.stop()


class _Watch(threading.Thread):
    def __init__(self, connection: Any, seconds: float) -> None:
        super().__init__(name="report-watch", daemon=True)
        self._connection, self._seconds = connection, seconds
        self._over = threading.Event()
        self.has_ended_one = False

    def run(self) -> None:
        wait = self._seconds
        while not self._over.wait(wait):
            wait = AGAIN_SECONDS
            if self._connection.connection is None:
                continue
            self.has_ended_one = True
            end_statement(self._connection)

    def stop(self) -> None:
        """Afterwards nothing is ended any more: the connection may serve another request by then."""
        self._over.set()
        self.join()
