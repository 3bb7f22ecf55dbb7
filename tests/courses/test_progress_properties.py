"""Whatever authors, learners and HR do in whatever order: progress stays a share, and finishing is a fact for ever."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, QuerySet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wagtail.models import Page

from academy.people import placements
from courses import keeping_progress, mirrors
from courses.attempts import AlreadyPassed, NoAttemptsLeft, save_responses, start_attempt, submit_attempt
from courses.content import edition_content, needs_material_edition, published_content
from courses.enrolment import Withdrawn, enrol, withdraw
from courses.models import Completion, CoursePage, Edition, Enrolment, LessonPage, ModulePage, QuestionVersion
from courses.progress import ActivityLocked, NotInEdition, complete_course, complete_lesson
from courses.publishing import EditionInvalid, publish_edition
from courses.standing import standing_in
from courses.switching import CannotSwitch, switch_edition
from tests.courses.authoring import make_course_page
from tests.factories import AT, PersonFactory, make_unit

pytestmark = pytest.mark.django_db
REFUSALS = (
    ActivityLocked,
    AlreadyPassed,
    CannotSwitch,
    EditionInvalid,
    NoAttemptsLeft,
    NotInEdition,
    Withdrawn,
)


@dataclass
class Academy:
    """A course, a learner in it, and what is known about them so far."""

    page: CoursePage
    enrolment: Enrolment
    at: datetime = AT
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def lessons(self) -> list[LessonPage]:
        return list(LessonPage.objects.descendant_of(self.page).order_by("path"))

    def activity(self, number: int) -> Any:
        rows = list(self.enrolment.edition.activities.order_by("position"))
        return rows[number % len(rows)]


def write(academy: Academy, number: int) -> None:
    if academy.lessons:
        page = academy.lessons[number % len(academy.lessons)]
        page.title = f"Materi yang ditulis ulang {academy.at:%H%M}"
        page.save_revision().publish()


def add(academy: Academy, number: int) -> None:
    module = ModulePage.objects.descendant_of(academy.page).order_by("path").first()
    module.add_child(
        instance=LessonPage(title="Materi tambahan", slug=f"tambahan-{academy.at:%H%M}", reading_minutes=9)
    )


def remove(academy: Academy, number: int) -> None:
    if academy.lessons:
        Page.objects.get(pk=academy.lessons[number % len(academy.lessons)].pk).delete()


def unpublish(academy: Academy, number: int) -> None:
    if academy.lessons:
        academy.lessons[number % len(academy.lessons)].unpublish()


def reorder(academy: Academy, number: int) -> None:
    if len(academy.lessons) > 1:
        first, *_middle, last = academy.lessons
        Page.objects.get(pk=last.pk).move(Page.objects.get(pk=first.pk), pos="left")


def any_order(academy: Academy, number: int) -> None:
    course = academy.page.course
    course.sequential = not course.sequential
    course.save()


def publish(academy: Academy, number: int) -> None:
    course = academy.page.course
    newest, content = course.editions.newest_first().first(), published_content(course)
    is_material = number % 2 == 0 or (content is not None and needs_material_edition(edition_content(newest), content))
    publish_edition(course, kind="material" if is_material else "minor", by=None, at=academy.at)


def read_on(academy: Academy, number: int) -> None:
    here = standing_in(academy.enrolment).following
    if here is not None:
        complete_lesson(academy.enrolment, here, at=academy.at)


def read_anything(academy: Academy, number: int) -> None:
    complete_lesson(academy.enrolment, academy.activity(number), at=academy.at)


def read_of_old_edition(academy: Academy, number: int) -> None:
    first = Edition.objects.filter(course=academy.page.course).earliest("pk")
    rows = list(first.activities.order_by("position"))
    complete_lesson(academy.enrolment, rows[number % len(rows)], at=academy.at)


def take_test(academy: Academy, number: int) -> None:
    """Right answers for even numbers."""
    attempt = start_attempt(academy.enrolment, academy.enrolment.edition.activities.get(kind="quiz"), at=academy.at)
    for question in attempt.served:
        right = QuestionVersion.objects.get(pk=question["version"]).correct_ids
        chosen = [one for one in question["options"] if (one in right) == (number % 2 == 0)][:1]
        save_responses(attempt, {question["version"]: chosen}, at=academy.at)
    if number % 3:
        submit_attempt(attempt, at=academy.at)


def switch(academy: Academy, number: int) -> None:
    switch_edition(academy.enrolment, at=academy.at)


def leave(academy: Academy, number: int) -> None:
    withdraw(academy.enrolment, at=academy.at)


def join(academy: Academy, number: int) -> None:
    academy.enrolment = enrol(academy.enrolment.person, academy.page.course, at=academy.at)


def next_year(academy: Academy, number: int) -> None:
    academy.at += timedelta(days=366)


def transfer(academy: Academy, number: int) -> None:
    today = academy.at.date()
    placements.place(academy.enrolment.person, unit=make_unit(f"Unit {number}"), from_on=today, today=today)


ACTIONS: list[Callable[[Academy, int], None]] = [
    *(write, add, remove, unpublish, reorder, any_order, publish, publish),
    *(read_on, read_on, read_on, read_anything, read_of_old_edition, take_test, take_test),
    *(switch, leave, join, next_year, transfer),
]


def act(academy: Academy, action: Callable[[Academy, int], None], number: int) -> None:
    try:
        with transaction.atomic():
            action(academy, number)
    except REFUSALS:
        pass  # said no, and changed nothing: what follows is looked at all the same
    academy.enrolment = Enrolment.objects.select_related("person", "edition").get(pk=academy.enrolment.pk)


def look(academy: Academy) -> None:
    """What must hold after every action."""
    for enrolment in Enrolment.objects.filter(run__course=academy.page.course):
        standing = standing_in(enrolment)
        assert 0 <= standing.done_count <= len(standing.outline.activities)
        completion = Completion.objects.filter(enrolment=enrolment).values().first()
        is_met = standing.following is None
        if enrolment.pk in academy.seen:
            assert completion == academy.seen[enrolment.pk], "what was finished did not stay as it was"
        elif completion is not None:
            assert is_met, "finished without the rule being met"
            academy.seen[enrolment.pk] = dict(completion)
        elif enrolment.withdrawn_at is None:
            assert not is_met, "the rule is met, but the course is not finished"
        assert (enrolment.completed_at is not None) == (completion is not None)
    assert_kept_progress_agrees()


def assert_kept_progress_agrees() -> None:
    stored = {name: F(f"kept_progress__{name}") for name in keeping_progress.meant()}
    rows: QuerySet[Any] = Enrolment.objects.annotate(**stored)
    wrong = rows.filter(mirrors.differs(keeping_progress.meant())).annotate(
        **{f"meant_{name}": meant for name, meant in keeping_progress.meant().items()}
    )
    assert not [*wrong.values("percent", "last_active_at", "meant_percent", "meant_last_active_at")]


def replay(academy: Academy) -> None:
    """Everything done is done again: nothing changes."""
    before = (list(academy.enrolment.progress.values()), list(Completion.objects.values()))
    done = academy.enrolment.progress.values("activity")
    for row in academy.enrolment.edition.activities.filter(kind="lesson", activity__in=done):
        if academy.enrolment.withdrawn_at is None:
            complete_lesson(academy.enrolment, row, at=academy.at)
    complete_course(academy.enrolment, at=academy.at)
    assert (list(academy.enrolment.progress.values()), list(Completion.objects.values())) == before


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 11)), min_size=6, max_size=18))
def test_progress_and_completion_hold_whatever_happens(db, steps):
    cache.clear()  # the editions of another example had the same keys
    with transaction.atomic():
        page = make_course_page(modules=2, lessons=2, questions=2)
        publish_edition(page.course, kind="minor", by=None, at=AT)
        academy = Academy(page, enrol(PersonFactory(), page.course, at=AT))
        look(academy)
        for action, number in steps:
            academy.at += timedelta(minutes=1)
            act(academy, action, number)
            look(academy)
        replay(academy)
        transaction.set_rollback(True)
