"""What keeps a worker's hold on an export while it reads: every second the lease is renewed and the progress told.

It beats in a thread with a connection of its own. A query may take minutes before it gives its first line, and SQLite
refuses to write over a connection whose reading began before somebody else's writing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import DatabaseError, connections

from academy.reports import reading
from academy.reports.models import Export

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
BEAT_SECONDS = 1.0


class LeaseLost(Exception):
    """Somebody else took the export over, or it was cancelled, while this worker was at it."""


class Heart:
    """Beats while the block lasts; LeaseLost when it is over: from a statement that is ended then, or from `progress`.

    `progress` takes the rows written so far.
    """

    def __init__(self, export: Export, *, clock: Callable[[], datetime]) -> None:
        self._held = Export.objects.owed().filter(pk=export.pk, claim=_claim_of(export))
        self._clock = clock
        self._written = 0
        self._is_lost, self._over = threading.Event(), threading.Event()
        self._reads_with = reading.connection_of_reports()
        self._thread = threading.Thread(target=self._run, name=f"export-{export.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        self._over.set()
        self._thread.join()
        if self._is_lost.is_set() and isinstance(error, DatabaseError):  # the heart ended the statement
            raise LeaseLost from error

    def progress(self, written: int) -> None:
        self._written = written
        if self._is_lost.is_set():
            raise LeaseLost

    def _run(self) -> None:
        try:
            while not self._over.wait(BEAT_SECONDS):
                if self._is_lost.is_set():
                    reading.end_statement(self._reads_with)  # which may read and sort for minutes before its first line
                else:
                    self._beat()
        finally:
            connections.close_all()

    def _beat(self) -> None:
        try:
            held = self._held.update(lease_until=self._clock() + LEASE, written=self._written)
        except DatabaseError:
            log.exception("An export could not tell how far it is")  # the lease is long enough for some of these
        else:
            if not held:
                self._is_lost.set()


def _claim_of(export: Export) -> UUID:
    if export.claim is None:
        raise ValueError(export.pk)
    return export.claim
