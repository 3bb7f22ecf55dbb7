"""Reminders that a certificate ends: each step once, the nearest one for who missed some, none where none is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from academy.notifications.models import Message
from academy.people.models import Organiser, Person
from certificates import issuing, reissuing, reminders, revocation, tasks
from certificates.models import Certificate, Revocation
from courses.models import Completion
from tests.certificates.test_certificate_races import at_once
from tests.factories import AT, PersonFactory, RunFactory, make_completion, make_edition

pytestmark = pytest.mark.django_db
LAST = date(2028, 11, 24)  # of what was passed on 24 November 2026 for 24 months


def before(days: int) -> datetime:
    """At noon in Kupang, so many days before the last one."""
    return datetime(LAST.year, LAST.month, LAST.day, 4, tzinfo=UTC) - timedelta(days=days)


def certified(person: Person | None = None, **edition: Any) -> Certificate:
    edition = {"validity_months": 24} | edition
    completion = make_completion(person, edition=make_edition(lessons=1, questions=0, **edition))
    return issuing.publish_file(issuing.issue(completion, at=AT), at=AT)


def told() -> list[str]:
    return [key.rpartition(":")[2] for key in steps().values_list("key", flat=True)]


def steps():
    return Message.objects.filter(key__startswith=reminders.KEY).order_by("pk")


def remind(days: int) -> int:
    return reminders.remind(at=before(days), limit=100)


def test_each_step_is_told_once_on_its_day():
    certified()
    counts = {days: remind(days) for days in (120, 91, 90, 89, 31, 30, 29, 8, 7, 6, 0)}
    assert {days for days, count in counts.items() if count} == {90, 30, 7}
    assert told() == ["90", "30", "7"]
    first = steps().first()
    assert first is not None
    assert (first.subject, "berlaku sampai 24 November 2028" in first.body) == (
        "Sertifikat Anda berakhir pada 24 November 2028", True,
    )  # fmt: skip
    assert f"{settings.SITE_URL}/sertifikat/" in first.body


def test_who_missed_steps_gets_the_nearest_one_only():
    certified()
    assert (remind(5), remind(5), remind(0)) == (1, 0, 0)
    assert told() == ["7"]


def test_after_the_end_there_is_nothing_to_remind_of():
    certified()
    assert (remind(-1), remind(-400)) == (0, 0)


def test_a_clock_that_ran_ahead_has_said_it():
    certified()
    assert (remind(5), remind(60), remind(20)) == (1, 0, 0)


def test_the_day_is_that_of_the_organiser():
    certified()
    late = before(91).replace(hour=15, minute=30)  # half past eleven at night in Kupang, past midnight in Jayapura
    assert reminders.remind(at=late, limit=10) == 0
    Organiser.objects.update(time_zone="Asia/Jayapura")
    assert reminders.remind(at=late, limit=10) == 1


def test_what_was_revoked_is_not_reminded_of_and_what_was_replaced_only_once():
    revoked, replaced = certified(), certified()
    assert remind(90) == 2
    by = PersonFactory()
    revocation.revoke(
        [revoked], organiser=revoked.organiser, reason=Revocation.Reason.WRONG_DATA, annuls_credit=False, note="",
        by=by, at=before(80),
    )  # fmt: skip
    new = reissuing.reissue(replaced, correction="Nama", by=by, at=before(80))
    assert remind(79) == 0
    issuing.publish_file(new, at=before(78))
    assert (remind(77), remind(30)) == (0, 1)
    assert new.number in steps().latest("pk").body


def test_a_renewed_certificate_is_not_missed():
    old = certified()
    course, person = old.completion.course, old.completion.person
    edition = make_edition(course, major=2, lessons=1, questions=0, validity_months=24)
    enrolment = make_completion(edition=edition).enrolment
    run = RunFactory(course=course, year=2028)
    later = {"completed_at": before(60), "completed_on": before(60).date(), "valid_until": date(2030, 9, 25)}
    Completion.objects.filter(enrolment=enrolment).update(person=person, **later)
    type(enrolment).objects.filter(pk=enrolment.pk).update(person=person, run=run)
    assert remind(59) == 1  # nothing is issued yet
    newer = issuing.issue(Completion.objects.get(enrolment=enrolment), at=before(58))
    assert remind(30) == 0
    Certificate.objects.filter(pk=newer.pk).update(revoked_at=before(20))
    assert remind(7) == 1


def test_nobody_is_reminded_just_after_the_completion():
    certified(validity_months=1)  # to 24 December 2026
    assert reminders.remind(at=AT + timedelta(days=13), limit=10) == 0
    assert reminders.remind(at=AT + timedelta(days=14), limit=10) == 1
    assert told() == ["30"]


def test_without_address_or_account_nobody_is_owed_anything():
    certified(PersonFactory(email=None)), certified(PersonFactory(is_active=False))
    assert remind(90) == 0
    Person.objects.filter(email=None).update(email="baru@contoh.test")
    assert remind(80) == 1


def test_a_run_tells_so_many_and_the_next_goes_on_with_the_most_pressing_first():
    for _each in range(3):
        certified()
    urgent = certified(validity_months=22)  # to 24 September 2028
    assert reminders.remind(at=before(90), limit=2) == 2
    assert steps().first().person == urgent.completion.person
    assert [reminders.remind(at=before(90), limit=2) for _again in range(2)] == [2, 0]


def test_the_task_goes_on_while_there_is_more(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks):
    today = timezone.localdate()
    for _each in range(3):
        certified()
    Completion.objects.update(valid_until=today + timedelta(days=20), completed_on=today - timedelta(days=100))
    rung: list[object] = []
    monkeypatch.setattr(tasks, "AT_MOST", 2)
    monkeypatch.setattr("academy.doorbell.ring", rung.append)
    tasks.remind_of_ends()
    assert (steps().count(), rung) == (2, [tasks.remind_of_ends])
    tasks.remind_of_ends()
    assert (steps().count(), len(rung)) == (3, 1)
    assert "certificates.tasks.remind_of_ends" in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}


def test_it_asks_as_often_for_many_as_for_one(django_assert_max_num_queries):
    for _each in range(4):
        certified()
    remind(90)
    with django_assert_max_num_queries(6):
        assert remind(89) == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_8_workers_at_once_tell_each_once():
    for _each in range(4):
        certified()
    connection.close()
    assert at_once(lambda _number: remind(30), threads=8) == []
    while remind(30):
        pass
    assert told() == ["30"] * 4
