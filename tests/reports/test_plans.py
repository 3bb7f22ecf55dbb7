"""Queries that were slow once, over tables too small to show it: the plan is looked at instead of the clock."""

from __future__ import annotations

import pytest
from django.db import connection

from academy.reports import facts
from courses.credit_hours import credited
from courses.models import Enrolment


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["of a person", "of a pair"])
def test_credit_hours_look_at_the_completions_of_one_person_and_course(name: str):
    """SQLite once chose the index on the course: a second per thousand people."""
    querysets = {
        "of a person": credited().filter(person=1, completed_on__year=2026),
        "of a pair": Enrolment.objects.annotate(hours=facts.counted_hours()),
    }
    plan = querysets[name].explain()
    if connection.vendor == "sqlite":  # PostgreSQL decides by its statistics, which an empty table has not
        assert "completion_person_course (person_id=? AND course_id=?)" in plan
    assert "courses_completion_course_id" not in plan
