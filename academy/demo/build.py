"""Build the demo academy: the province, the curriculum, people, their learning, and the certificates they earned."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.management import call_command

from academy.demo import accounts, histories, programme, template
from academy.demo.people import ensure_people
from academy.people.models import Person
from academy.people.seed import load_agencies
from certificates import issuing
from certificates.models import Certificate
from courses.curriculum_files import CURRICULUM, course_keys
from courses.models import Course, Enrolment

ENROLMENTS = 300


def build(*, now: datetime, tell: Callable[[str], None]) -> None:
    """Make what is missing; a second call adds nothing and keeps what people did since."""
    today = now.date()
    province = load_agencies()
    tell("Agencies of Nusa Tenggara Timur: loaded")
    call_command("load_site", verbosity=0)
    call_command("load_curriculum", verbosity=0)
    tell("Site and curriculum: loaded")
    cast = accounts.ensure_accounts(province, today=today)
    people = ensure_people(today=today)
    tell(f"People: {Person.objects.count()}")
    courses = courses_of_the_demo()
    programme.ensure_validity(courses[-1], by=cast[accounts.TRAINER.email], now=now)
    _ensure_learner(cast[accounts.LEARNER.email], courses, now=now)
    histories.ensure_histories(people, courses, count=ENROLMENTS, now=now)
    programme.ensure_path(courses)
    programme.ensure_run(courses[-1], people, trainer=cast[accounts.TRAINER.email], now=now)
    tell(f"Enrolments: {Enrolment.objects.count()}")
    template.ensure_template(courses[0].organiser, by=cast[accounts.TRAINER.email], at=now)
    _issue_certificates()
    tell(f"Certificates: {Certificate.objects.published().count()}")


def courses_of_the_demo() -> list[Course]:
    """Those of the curriculum; one that a trainer began meanwhile may have no edition yet."""
    return list(Course.objects.filter(key__in=course_keys(CURRICULUM)).order_by("code"))


def _issue_certificates() -> None:
    """As the worker would have done, each a moment after its completion, so that numbers follow the calendar."""
    for completion in issuing.completions_without_certificate().order_by("completed_at"):
        at = completion.completed_at + timedelta(seconds=5)
        issuing.publish_file(issuing.issue(completion, at=at), at=at)


def _ensure_learner(person: Person, courses: list[Course], *, now: datetime) -> None:
    """The learner whose account is printed: the first course passed, the last one running."""
    for course, story, days in ((courses[0], histories.Story(1), 60), (courses[-1], histories.Story(0.35), 6)):
        if not Enrolment.objects.filter(person=person, run__course=course).exists():
            histories.tell(person, course, story, at=now - timedelta(days=days), dice=random.Random(days))  # noqa: S311
