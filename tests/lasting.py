"""Rows that are made once for a whole module of tests, where making them anew would take longer than the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

Made = TypeVar("Made")


@contextmanager
def made_once(blocker: DjangoDbBlocker, make: Callable[[], Made]) -> Iterator[Made]:
    """What `make` makes, in a transaction around those of the tests, rolled back at the end.

    Give each test a deep copy: objects of its own for the same rows; what it writes is taken back by its own savepoint.
    """
    with blocker.unblock(), transaction.atomic():
        made = make()
        with blocker.block():
            yield made
        transaction.set_rollback(True)


def commits(request: pytest.FixtureRequest) -> bool:
    """Whether a test of this module commits, so that others could see nothing of an open transaction."""
    marks = [item.get_closest_marker("django_db") for item in request.session.items if item.path == request.path]
    return any(mark and mark.kwargs.get("transaction") for mark in marks)
