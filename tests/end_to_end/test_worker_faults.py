"""Workers killed at random and a broker that is down: every completion is certified in the end, none twice (P1, P2)."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from pathlib import Path

import pytest
from django.db import transaction

from academy import doorbell
from academy.celery import app
from academy.notifications.models import Message
from certificates import issuing, store
from certificates.models import Certificate
from certificates.tasks import issue_owed_certificates
from courses.models import Completion, Edition
from courses.signals import course_completed
from tests.end_to_end.workers import Worker
from tests.factories import PersonFactory, make_completion, make_edition, make_unit

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
KILLS = 6
CERTIFIED_WITHIN_SECONDS = 240  # half a minute where the machine has nothing else to do


def complete(edition: Edition, unit: object) -> None:
    with transaction.atomic():
        completion = make_completion(PersonFactory(unit=unit), edition=edition)
        course_completed.send(sender=Completion, completion=completion)


def sweep_until_certified(number: int, log: Path) -> None:
    deadline = time.monotonic() + CERTIFIED_WITHIN_SECONDS
    while time.monotonic() < deadline:
        doorbell.ring(issue_owed_certificates)
        for _wait in range(10):
            if Certificate.objects.published().count() == number:
                return
            time.sleep(0.5)
    left = list(Certificate.objects.filter(published_at=None).values_list("pk", "tries", "lease_until", "last_error"))
    pytest.fail(f"{Certificate.objects.published().count()} of {number} published; {left}\n{log.read_text()[-3000:]}")


def check_register(number: int) -> None:
    """Each completion once, numbers without gaps, every file whole, one message each, nothing set aside."""
    certificates = list(Certificate.objects.select_related("file"))
    assert len({certificate.completion_id for certificate in certificates}) == len(certificates) == number
    assert sorted(certificate.sequence for certificate in certificates) == list(range(1, number + 1))
    assert len({certificate.code for certificate in certificates}) == number
    for certificate in certificates:
        assert certificate.file is not None
        content = store.read(certificate.file.key)
        assert hashlib.sha256(content).hexdigest() == certificate.file.sha256
    assert Message.objects.count() == number
    assert not issuing.set_aside().exists()


def test_workers_killed_at_random_lose_and_double_nothing(worker: Worker):
    edition, unit = make_edition(), make_unit()
    chance = random.Random(2026)
    done = threading.Event()

    def start_and_kill() -> None:
        try:
            for _kill in range(KILLS):
                worker.start()
                time.sleep(chance.uniform(3.0, 8.0))
                worker.kill()
        finally:
            done.set()

    killer = threading.Thread(target=start_and_kill)
    killer.start()
    for _completion in range(100):
        complete(edition, unit)
        done.wait(0.15)
    killer.join()

    # The leases of the dead run out: two minutes pass while nobody works.
    Certificate.objects.filter(published_at__isnull=True).update(lease_until=None)
    worker.start()
    sweep_until_certified(100, worker.folder / "worker.log")
    check_register(100)


def test_completions_made_while_the_broker_is_down_are_certified_by_the_sweep(worker: Worker):
    edition, unit = make_edition(), make_unit()
    here = {"broker_url": app.conf.broker_url, "broker_transport_options": app.conf.broker_transport_options}
    app.conf.update(broker_url="redis://127.0.0.1:1/0", broker_transport_options={})
    longest = 0.0
    for _completion in range(50):
        began = time.monotonic()
        complete(edition, unit)
        longest = max(longest, time.monotonic() - began)
    app.conf.update(here)
    assert doorbell.failures() == 50
    assert longest < 1.5

    worker.start()
    sweep_until_certified(50, worker.folder / "worker.log")
    check_register(50)
