from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from academy.api import heartbeat, tasks
from academy.celery import app
from certificates import issuing
from certificates.models import Certificate
from tests.factories import AT, make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_well(settings) -> None:
    settings.CELERY_BROKER_URL = "filesystem://"
    settings.BROKER_DIR = settings.CERTIFICATES_ROOT.parent
    (settings.BROKER_DIR / "messages").mkdir()
    for queue in heartbeat.QUEUES:
        tasks.beat_heart(queue)


def test_the_process_answers_whatever_host_was_asked_for(client: Client, settings):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["akademi.contoh.go.id"], True
    answer = client.get("/healthz", headers={"Host": "127.0.0.1:8000"})
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_ready_when_all_is_well(client: Client, all_well: None):
    make_completion(completed_at=timezone.now())
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert answer.json()["checks"]["owed"]["count"] == 1


@pytest.mark.parametrize("queue", heartbeat.QUEUES)
def test_not_ready_without_a_worker(client: Client, all_well: None, queue: str):
    cache.set(f"heartbeat:{queue}", time.time() - 91)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"][f"worker_{queue}"]["ok"]) == (503, False)


def test_not_ready_when_work_is_owed_too_long(client: Client, all_well: None):
    make_completion(completed_at=timezone.now() - timedelta(minutes=16))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["owed"]["ok"]) == (503, False)


def test_what_was_set_aside_is_told_but_does_not_close_the_academy(client: Client, all_well: None):
    issuing.issue(make_completion(), at=AT)
    Certificate.objects.update(tries=issuing.MOST_TRIES)
    assert client.get("/readyz").status_code == 200
    assert "academy_certificates_failed 1.0" in client.get("/metrics").content.decode()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "amqp://127.0.0.1:1//"])
def test_not_ready_without_a_broker(client: Client, all_well: None, settings, url: str):
    settings.CELERY_BROKER_URL = url
    kept = app.conf.broker_url
    app.conf.update(broker_url=url)
    try:
        began = time.monotonic()
        answer = client.get("/readyz")
        assert time.monotonic() - began < 15, "it waits for the broker: without a limit that is minutes"
    finally:
        app.conf.update(broker_url=kept)
    assert (answer.status_code, answer.json()["checks"]["broker"]["ok"]) == (503, False)


def test_metrics_are_prometheus_text(client: Client, all_well: None):
    issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)
    answer = client.get("/metrics")
    text = answer.content.decode()
    assert answer.headers["Content-Type"].startswith("text/plain")
    for line in (
        "academy_certificates_published 1.0",
        "academy_certificates_owed 0.0",
        "academy_messages_owed 1.0",
        "academy_broker_publish_errors 0.0",
    ):
        assert line in text.splitlines()
    assert 'academy_worker_heartbeat_age_seconds{queue="prompt"}' in text


@pytest.mark.parametrize(
    "extra", [{"REMOTE_ADDR": "203.0.113.9"}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, {"HTTP_FORWARDED": "for=::1"}]
)
def test_metrics_and_details_are_for_this_machine_only(client: Client, all_well: None, extra: dict[str, Any]):
    assert client.get("/metrics", **extra).status_code == 403
    assert client.get("/readyz", **extra).json() == {"ready": True}
