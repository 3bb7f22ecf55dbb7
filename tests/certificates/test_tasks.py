"""The doors of the worker, and the doorbell that may ring in vain."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from kombu.pools import producers

from academy import doorbell
from academy.celery import app
from certificates import tasks
from certificates.models import Certificate
from courses.models import Completion
from courses.signals import course_completed
from tests.factories import make_completion

# Without a limit each of these waits would end after minutes or never; a busy machine alone may take some seconds.
HANGS_SECONDS = 15
pytestmark = pytest.mark.django_db


@pytest.fixture
def eager() -> Iterator[None]:
    """Tasks run at once, in this process."""
    app.conf.task_always_eager = app.conf.task_eager_propagates = True
    yield
    app.conf.task_always_eager = app.conf.task_eager_propagates = False


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> Iterator[None]:
    """Another broker address, for this test."""
    kept = {"broker_url": app.conf.broker_url, "broker_transport_options": app.conf.broker_transport_options}
    app.conf.update(broker_url=request.param, broker_transport_options={})
    yield
    app.conf.update(kept)


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """Somebody who takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=20) as server:
        yield server.getsockname()[1]


def complete(completion: Completion) -> None:
    course_completed.send(sender=Completion, completion=completion)


def test_a_completed_course_is_certified_after_the_commit(eager: None, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        complete(make_completion())
        assert not Certificate.objects.exists()
    assert Certificate.objects.get().published_at is not None


def test_a_task_delivered_twice_changes_nothing(eager: None):
    completion = make_completion()
    tasks.issue_certificate.delay(completion.pk)
    first = Certificate.objects.values().get()
    tasks.issue_certificate.delay(completion.pk)
    tasks.issue_owed_certificates.delay()
    assert Certificate.objects.values().get() == first


def test_the_sweep_finds_what_no_message_announced(eager: None):
    for _ in range(3):
        make_completion()
    tasks.issue_owed_certificates.delay()
    assert Certificate.objects.published().count() == 3


def test_a_sweep_that_had_its_hands_full_is_followed_by_another(eager: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tasks, "AT_MOST", 2)
    for _ in range(5):
        make_completion()
    tasks.issue_owed_certificates.delay()
    assert Certificate.objects.published().count() == 5


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"], indirect=True)
def test_a_broker_that_is_down_neither_fails_nor_delays(broker: None, django_capture_on_commit_callbacks):
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        complete(make_completion())
    assert time.monotonic() - began < HANGS_SECONDS
    assert doorbell.failures() == 1


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_never_answers_is_not_waited_for(scheme: str, deaf_port: int):
    kept = {"broker_url": app.conf.broker_url, "broker_transport_options": app.conf.broker_transport_options}
    app.conf.update(broker_url=f"{scheme}://127.0.0.1:{deaf_port}//", broker_transport_options={})
    try:
        began = time.monotonic()
        assert doorbell.ring(tasks.issue_certificate, 1) is False
        assert time.monotonic() - began < HANGS_SECONDS
    finally:
        app.conf.update(kept)


@pytest.mark.parametrize("broker", ["memory://"], indirect=True)
def test_a_full_pool_is_not_waited_for(broker: None):
    pool = producers[doorbell._line()]
    with ExitStack() as stack:
        for _ in range(pool.limit):
            stack.enter_context(pool.acquire())
        began = time.monotonic()
        assert doorbell.ring(tasks.issue_certificate, 1) is False
        assert time.monotonic() - began < HANGS_SECONDS


def test_a_rolled_back_completion_rings_for_nobody(eager: None, django_capture_on_commit_callbacks):
    @transaction.atomic
    def complete_in_vain() -> None:
        complete(make_completion())
        raise RuntimeError

    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(RuntimeError):
        complete_in_vain()
    assert callbacks == []


def test_no_message_of_the_clock_outlives_its_successors():
    """While the worker is down they would pile up, and all run when it is back."""
    schedule: dict[str, Any] = settings.CELERY_BEAT_SCHEDULE
    assert all(0 < entry["options"]["expires"] <= 60 for entry in schedule.values())
