"""Runs (angkatan): when a course is held."""

from __future__ import annotations

from datetime import date

from courses.models import Course, Run


def open_run(course: Course, *, on: date) -> Run:
    """The self-paced run of the year of that day: one per course and calendar year, made when it is first needed."""
    run, _made = Run.objects.get_or_create(
        course=course,
        year=on.year,
        number=None,
        defaults={"opens_on": date(on.year, 1, 1), "closes_on": date(on.year, 12, 31)},
    )
    return run
