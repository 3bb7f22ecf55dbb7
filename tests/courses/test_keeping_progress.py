"""The side row of an enrolment says what its activities and attempts say, and is written with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.db import connection
from django.db.models import F

from courses import assigning, keeping_progress, mirrors
from courses.attempts import save_responses, start_attempt, submit_attempt
from courses.enrolment import Withdrawn, enrol, withdraw
from courses.models import Attempt, Enrolment, EnrolmentProgress
from courses.progress import complete_lesson
from courses.switching import switch_edition
from tests.factories import AT, PersonFactory, make_edition, make_enrolment, make_hr, make_unit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def kept(enrolment: Enrolment) -> tuple[int, datetime] | None:
    return EnrolmentProgress.objects.filter(enrolment=enrolment).values_list("percent", "last_active_at").first()


def send(attempt: Attempt, letter: str, *, at: datetime) -> Attempt:
    save_responses(attempt, {question["version"]: [letter] for question in attempt.served}, at=at)
    return submit_attempt(attempt, at=at)


def differing() -> list[int]:
    """Enrolments whose row is not what a recount says."""
    meant = keeping_progress.meant()
    rows = Enrolment.objects.annotate(
        percent=F("kept_progress__percent"), last_active_at=F("kept_progress__last_active_at")
    )
    return sorted(rows.filter(mirrors.differs(meant)).values_list("pk", flat=True))


def do(enrolment: Enrolment, position: int, *, at: datetime = AT) -> None:
    complete_lesson(enrolment, enrolment.edition.activities.get(position=position), at=at)


@pytest.fixture
def enrolment() -> Enrolment:
    """Two lessons and a post-test, in any order."""
    return make_enrolment(edition=make_edition(sequential=False))


def test_it_grows_with_the_activities_and_a_repeat_changes_nothing(enrolment):
    assert kept(enrolment) is None
    do(enrolment, 1, at=AT)
    assert kept(enrolment) == (33, AT)
    do(enrolment, 1, at=AT + HOUR)
    assert kept(enrolment) == (33, AT)
    do(enrolment, 2, at=AT + HOUR)
    assert (kept(enrolment), differing()) == ((66, AT + HOUR), [])


def test_an_attempt_is_activity_and_passing_it_progress(enrolment):
    quiz = enrolment.edition.activities.get(kind="quiz")
    start_attempt(enrolment, quiz, at=AT)
    first = start_attempt(enrolment, quiz, at=AT + HOUR / 4)
    assert (kept(enrolment), differing()) == ((0, AT), [])
    assert not send(first, "b", at=AT + HOUR / 3).passed
    assert (kept(enrolment), differing()) == ((0, AT + HOUR / 3), [])
    assert send(start_attempt(enrolment, quiz, at=AT + HOUR), "a", at=AT + HOUR * 1.2).passed
    assert (kept(enrolment), differing()) == ((33, AT + HOUR * 1.2), [])


def test_what_counts_as_sent_at_its_deadline_does_not_take_a_later_moment_back(enrolment):
    quiz = enrolment.edition.activities.get(kind="quiz")
    enrolment.edition.activities.filter(pk=quiz.pk).update(time_limit_minutes=30)
    quiz.refresh_from_db()
    attempt = start_attempt(enrolment, quiz, at=AT)
    do(enrolment, 1, at=AT + HOUR)
    assert submit_attempt(attempt, at=AT + 3 * HOUR).submitted_at == AT + HOUR / 2
    assert (kept(enrolment), differing()) == ((33, AT + HOUR), [])


def test_a_refused_lesson_leaves_no_row():
    enrolment = make_enrolment()
    withdraw(enrolment, at=AT)
    with pytest.raises(Withdrawn):
        do(enrolment, 1)
    assert kept(enrolment) is None


def test_a_finished_course_stands_at_a_hundred(enrolment):
    do(enrolment, 1)
    do(enrolment, 2)
    send(start_attempt(enrolment, enrolment.edition.activities.get(kind="quiz"), at=AT), "a", at=AT + HOUR / 3)
    assert enrolment.completion
    assert (kept(enrolment), differing()) == ((100, AT + HOUR / 3), [])


def newer(enrolment: Enrolment, *, shared: int) -> None:
    """A material edition of four activities, of which so many are those of the first one."""
    second = make_edition(enrolment.edition.course, lessons=3, major=2, sequential=False)
    for position in range(1, shared + 1):
        activity = enrolment.edition.activities.get(position=position).activity
        second.activities.filter(position=position).update(activity=activity)


def test_another_edition_has_other_activities(enrolment):
    do(enrolment, 1)
    do(enrolment, 2)
    newer(enrolment, shared=1)
    switch_edition(enrolment, at=AT + HOUR)
    assert (kept(enrolment), differing()) == ((25, AT), [])


def test_who_comes_back_comes_into_the_newest_edition(enrolment):
    do(enrolment, 1)
    newer(enrolment, shared=0)
    withdraw(enrolment, at=AT)
    enrol(enrolment.person, enrolment.edition.course, at=AT + HOUR)
    assert (kept(enrolment), differing()) == ((0, AT), [])


def test_who_is_fetched_back_by_an_assignment_too():
    unit = make_unit("Dinas Kominfo")
    officer = make_hr(unit)
    back = make_enrolment(PersonFactory(unit=unit), edition=make_edition(sequential=False))
    do(back, 1)
    newer(back, shared=0)
    withdraw(back, at=AT)
    asked = assigning.propose(
        back.edition.course, due_on=AT.date() + timedelta(days=9), unit=unit, nips=[], by=officer, at=AT
    )
    assigning.confirm(asked, by=officer, at=AT)
    while assigning.carry_on(asked.pk, clock=lambda: AT):
        pass
    back.refresh_from_db()
    assert (back.withdrawn_at, back.edition.major) == (None, 2)
    assert (kept(back), differing()) == ((0, AT), [])


def test_the_recount_writes_missing_and_wrong_rows_and_takes_needless_ones_away(enrolment):
    do(enrolment, 1)
    idle = make_enrolment(edition=enrolment.edition)
    EnrolmentProgress.objects.create(enrolment=idle, percent=50, last_active_at=AT)
    EnrolmentProgress.objects.filter(enrolment=enrolment).update(percent=99, last_active_at=AT + HOUR)
    assert differing() == [enrolment.pk, idle.pk]
    mirrors.write_anew([enrolment.person_id, idle.person_id])
    assert (kept(enrolment), kept(idle), differing()) == ((33, AT), None, [])
    EnrolmentProgress.objects.all().delete()
    mirrors.write_anew([enrolment.person_id])
    assert kept(enrolment) == (33, AT)


def test_the_migration_fills_what_the_actions_would_have_kept(enrolment):
    do(enrolment, 1)
    tried = make_enrolment(edition=enrolment.edition)
    start_attempt(tried, tried.edition.activities.get(kind="quiz"), at=AT + HOUR)
    make_enrolment(edition=enrolment.edition)
    before = list(EnrolmentProgress.objects.order_by("pk").values())
    EnrolmentProgress.objects.all().delete()
    import_module("courses.migrations.0014_fill_progress_kept").fill(None, SimpleNamespace(connection=connection))
    assert list(EnrolmentProgress.objects.order_by("pk").values()) == before
    assert len(before) == 2


def test_rows_stand_in_no_index_but_their_key_and_have_room_on_their_page():
    table = EnrolmentProgress._meta.db_table
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table).values()
        assert {(*one["columns"],) for one in found if one["index"] or one["unique"]} <= {("enrolment_id",)}
        if connection.vendor == "postgresql":
            cursor.execute("SELECT reloptions FROM pg_class WHERE relname = %s", [table])
            assert cursor.fetchone() == (["fillfactor=85"],)
            cursor.execute("SELECT COUNT(*) FROM pg_indexes WHERE tablename = %s", [table])
            assert cursor.fetchone() == (1,)
