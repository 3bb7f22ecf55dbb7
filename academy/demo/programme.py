"""What the demo's organiser arranged: a learning path, a dated run with learners in it, certificates that end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from academy.demo.histories import Story, tell
from academy.people.models import Person
from courses.enrolment import day_of
from courses.models import Course, EditionKind, Enrolment, LearningPath, PathStep, Run
from courses.publishing import publish_edition

PATH = "dasar-20-jp"
VALIDITY_MONTHS = 12  # histories are longer than this less the time of renewing, so that some end soon
BEGAN_DAYS_AGO, LASTS_DAYS, SEATS = 15, 30, 20
# Two have passed, one of them after a failed test; the others are on the way, stuck at the test, untouched, or gone.
STORIES = (
    Story(1),
    Story(1, failures=1),
    Story(0.7),
    Story(0.7),
    Story(0.5),
    Story(0.99, failures=1),
    Story(0.2),
    Story(0.2),
    Story(0),
    Story(0),
    Story(0),
    Story(0.3, withdraws=True),
)


def ensure_path(courses: Sequence[Course]) -> LearningPath:
    """The path of these courses, in this order; one that is there stays as it is."""
    path: LearningPath
    path, made = LearningPath.objects.get_or_create(
        key=PATH,
        defaults={
            "title": "20 JP Dasar",
            "summary": "Langkah pertama menuju 20 JP setahun: memahami SPBE, lalu bekerja dengan aman. "
            "Pelatihan lain menyusul di jalur ini.",
            "organiser": courses[0].organiser,
            "is_public": True,
        },
    )
    if made:
        PathStep.objects.bulk_create(
            PathStep(path=path, course=course, sort_order=place) for place, course in enumerate(courses)
        )
    return path


def ensure_validity(course: Course, *, by: Person, now: datetime) -> None:
    """Let certificates of the course hold for a year; what somebody wrote there meanwhile stays."""
    if course.validity_months is not None:
        return
    course.validity_months = VALIDITY_MONTHS
    course.save(update_fields=["validity_months"])
    publish_edition(
        course, kind=EditionKind.MATERIAL, by=by, at=now, note="Pengetahuan keamanan perlu disegarkan setiap tahun."
    )


def ensure_run(course: Course, people: Sequence[Person], *, trainer: Person, now: datetime) -> Run:
    """A run that is half over, with those of `people` who are not in the course yet; one that is there stays."""
    opens_on = day_of(course, now) - timedelta(days=BEGAN_DAYS_AGO)
    run = Run.objects.filter(course=course, number=1).first()
    if run is not None:
        return run
    run = Run.objects.create(
        course=course,
        number=1,
        year=opens_on.year,
        opens_on=opens_on,
        closes_on=opens_on + timedelta(days=LASTS_DAYS),
        seats=SEATS,
    )
    run.trainers.add(trainer)
    known = set(Enrolment.objects.filter(run__course=course).values_list("person", flat=True))
    dice = random.Random(27_2018)  # noqa: S311  a repeatable story, nothing secret
    newcomers = [person for person in people if person.pk not in known]
    for person, story in zip(dice.sample(newcomers, min(len(newcomers), len(STORIES))), STORIES, strict=False):
        begins_at = now - timedelta(days=dice.randint(3, BEGAN_DAYS_AGO - 1), minutes=dice.randint(0, 600))
        tell(person, course, story, at=begins_at, dice=dice, run=run)
    return run
