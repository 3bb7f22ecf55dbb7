"""Who works on which certificate, and when again: leases, pauses, set-aside rows, outages and clocks that jump."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from academy.notifications.models import Message
from certificates import issuing, making, store
from certificates.models import Certificate, CertificateFile
from tests.factories import AT, make_completion

pytestmark = pytest.mark.django_db


def issued(count: int = 1) -> list[Certificate]:
    return [issuing.issue(make_completion(), at=AT) for _certificate in range(count)]


def spoil(certificate: Certificate) -> None:
    """Facts that cannot be drawn."""
    Certificate.objects.filter(pk=certificate.pk).update(facts=certificate.facts | {"issued_on": "no day"})


def state(certificate: Certificate) -> tuple[int, datetime | None]:
    certificate.refresh_from_db()
    return certificate.tries, certificate.retry_at


def test_a_certificate_under_lease_is_left_alone_until_the_lease_ends():
    certificate = issuing.issue(make_completion(), at=AT)
    Certificate.objects.update(lease_until=AT + issuing.LEASE)
    assert issuing.publish_file(certificate, at=AT + timedelta(seconds=119)).published_at is None
    assert issuing.publish_file(certificate, at=AT + issuing.LEASE).published_at is not None


def test_who_lost_the_lease_while_drawing_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    certificate = issuing.issue(make_completion(), at=AT)
    keep = store.keep

    def slowly(content: bytes) -> store.Stored:
        if Certificate.objects.get().tries == 1:  # meanwhile the lease ends and another worker publishes
            issuing.publish_file(certificate, at=AT + issuing.LEASE)
        return keep(content)

    monkeypatch.setattr(store, "keep", slowly)
    published = issuing.publish_file(certificate, at=AT)
    assert published.published_at == AT + issuing.LEASE
    assert (CertificateFile.objects.count(), Message.objects.count()) == (1, 1)


def test_what_cannot_be_drawn_is_set_aside_and_does_not_delay_the_others():
    poison, good = issuing.issue(make_completion(), at=AT), issuing.issue(make_completion(), at=AT)
    Certificate.objects.filter(pk=poison.pk).update(facts=poison.facts | {"issued_on": "no day"})
    for tries, pause in enumerate([timedelta(), *issuing.PAUSES, timedelta(days=1)]):
        later = AT + timedelta(days=tries)  # the pauses are the business of the next test
        issuing.sweep(at=later + pause, limit=10)
    poison.refresh_from_db()
    good.refresh_from_db()
    assert good.published_at is not None
    assert (poison.tries, poison.published_at) == (issuing.MOST_TRIES, None)
    assert "no day" in poison.last_error
    assert list(issuing.set_aside()) == [poison]
    Certificate.objects.filter(pk=poison.pk).update(facts=poison.facts | {"issued_on": "2026-11-24"})
    call_command("retry_certificates", "--again")
    assert issuing.sweep(at=AT, limit=10).published == 1


def test_the_pauses_between_tries_grow_and_are_kept():
    (poison,) = issued()
    spoil(poison)
    at = AT
    for tries, pause in enumerate(issuing.PAUSES, start=1):
        assert issuing.sweep(at=at, limit=10).failed == 1
        assert state(poison)[0] == tries
        assert issuing.sweep(at=at + pause - timedelta(seconds=5), limit=10).failed == 0
        at += pause + timedelta(seconds=5)
    assert issuing.sweep(at=at, limit=10).failed == 1
    assert list(issuing.set_aside()) == [poison]


@pytest.mark.parametrize("facts", [{}, {"modules": None}, {"modules": []}, {"modules": [{"title": "T"}]}])
def test_facts_that_cannot_be_read_are_set_aside_and_do_not_stop_the_others(facts: dict[str, Any]):
    poison, good = issuing.issue(make_completion(), at=AT), issuing.issue(make_completion(), at=AT)
    Certificate.objects.filter(pk=poison.pk).update(facts=facts)
    swept = issuing.sweep(at=AT, limit=10)
    poison.refresh_from_db()
    good.refresh_from_db()
    assert (swept.published, swept.failed) == (1, 1)
    assert good.published_at is not None
    assert (poison.tries, poison.lease_until) == (1, None)
    assert "Error" in poison.last_error


def test_each_certificate_of_a_sweep_gets_the_moment_of_its_own_turn():
    for _ in range(2):
        make_completion()
    issuing.sweep(at=AT, limit=10)
    rows = Certificate.objects.order_by("published_at")
    moments = [row.issued_at for row in rows] + [row.published_at for row in rows if row.published_at]
    assert len(moments) == 4
    assert moments == sorted(set(moments))
    assert moments[0] > AT
    assert moments[-1] < AT + issuing.LEASE


def test_a_full_disk_is_not_held_against_the_certificate(settings, tmp_path: Path):
    certificate = issuing.issue(make_completion(), at=AT)
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    settings.CERTIFICATES_ROOT = blocked
    with pytest.raises(OSError, match="blocked"):
        issuing.publish_file(certificate, at=AT)
    certificate.refresh_from_db()
    assert (certificate.tries, certificate.lease_until) == (0, None)
    settings.CERTIFICATES_ROOT = tmp_path / "room"
    assert issuing.publish_file(certificate, at=AT + issuing.OUTAGE).published_at == AT + issuing.OUTAGE


def test_a_sweep_gives_up_when_nothing_can_be_stored_and_every_row_keeps_its_tries(settings, tmp_path: Path):
    issued(5)
    blocked = tmp_path / "blocked"
    blocked.write_text("not a folder")
    settings.CERTIFICATES_ROOT = blocked
    assert issuing.sweep(at=AT, limit=10).failed == issuing.OUTAGES_IN_A_ROW
    assert set(Certificate.objects.values_list("tries", flat=True)) == {0}
    settings.CERTIFICATES_ROOT = tmp_path / "room"
    assert issuing.sweep(at=AT + timedelta(minutes=2), limit=10).published == 5


@pytest.mark.parametrize("back", [timedelta(minutes=10), timedelta(days=400)])
def test_a_clock_that_is_set_back_holds_up_nothing(back: timedelta):
    """A worker dies under its lease, another row rests; then the clock is found to be ahead and set back."""
    held, resting, fresh = issued(3)
    Certificate.objects.filter(pk=held.pk).update(lease_until=AT + issuing.LEASE, tries=1)
    Certificate.objects.filter(pk=resting.pk).update(retry_at=AT + issuing.PAUSES[-1], tries=4)
    swept = issuing.sweep(at=AT - back, limit=10)
    assert (swept.published, swept.failed) == (3, 0)
    assert Certificate.objects.published().count() == Message.objects.count() == 3
    fresh.refresh_from_db()
    assert fresh.published_at is not None


def test_a_clock_that_jumps_ahead_takes_a_lease_early_and_publishes_once(monkeypatch: pytest.MonkeyPatch):
    issued()
    keep = store.keep

    def while_the_clock_jumps(content: bytes) -> store.Stored:
        if Certificate.objects.get().tries == 1:
            issuing.sweep(at=AT + timedelta(days=1), limit=10)
        return keep(content)

    monkeypatch.setattr(store, "keep", while_the_clock_jumps)
    assert issuing.sweep(at=AT, limit=10).published == 0
    assert (CertificateFile.objects.count(), Message.objects.count()) == (1, 1)


def test_nobody_is_certified_before_the_day_of_completion_though_the_clock_was_set_back():
    completion = make_completion()
    certificate = issuing.issue(completion, at=completion.completed_at - timedelta(days=400))
    assert certificate.issued_at == completion.completed_at
    assert certificate.facts["issued_on"] >= certificate.facts["completed_on"]
    assert certificate.year == completion.completed_on.year


def test_rows_of_another_backend_wait_and_delay_nobody():
    waiting = issued(7)
    for certificate in waiting:
        Certificate.objects.filter(pk=certificate.pk).update(facts=certificate.facts | {"signed_by": "bsre-seal"})
    issued()
    swept = issuing.sweep(at=AT, limit=10)
    assert (swept.published, swept.failed) == (1, 0)
    assert set(issuing.waiting_for_another_backend()) == set(waiting)


def test_who_is_at_the_last_try_goes_on_when_it_is_to_be_tried_again():
    (certificate,) = issued()
    Certificate.objects.filter(pk=certificate.pk).update(tries=issuing.MOST_TRIES - 1)
    held = issuing.claim(issuing.certificates_without_file(at=AT), at=AT)
    assert held is not None
    assert issuing.try_again(issuing.set_aside()) == 1
    assert issuing.sweep(at=AT, limit=10).published == 0, "it is still under the lease"
    assert issuing.publish(held, making.prepare(held).sign(), None, at=AT)


@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_worker_is_taking_is_skipped_without_waiting():
    """SQLite has one writer at a time, so that nobody is ever in the middle of taking one."""
    first, second = issued(2)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            if connection.vendor == "postgresql":
                other.set_autocommit(False)
                cursor.execute("SELECT id FROM certificates_certificate WHERE id = %s FOR UPDATE", [first.pk])
            claimed = issuing.claim(issuing.certificates_without_file(at=AT).order_by("pk"), at=AT)
        assert claimed == (second if connection.vendor == "postgresql" else first)
    finally:
        other.close()


def test_the_queue_is_read_from_its_index_when_the_register_is_large():
    issuing.publish_file(issued()[0], at=AT)
    issued()
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # so few rows it would all read, or sort
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
            )
        plan = issuing.certificates_without_file(at=AT).order_by("tries", "issued_at", "pk")[:1].explain()
    assert "certificate_unpublished" in plan
