"""A nation for measuring: what it writes by sets says what the recount of stored numbers says."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from academy.demo.nation import make_nation
from academy.people.models import Placement
from academy.reports.recounts import RECOUNTS, Kind
from courses.models import Enrolment
from tests.factories import AT

# Nobody holds a certificate there, though some are counted as certified, and nobody did an activity.
KNOWN = {Kind.NO_CERTIFICATE, Kind.CERTIFIED_AT, Kind.REACHED, Kind.PROGRESS_PERCENT, Kind.PROGRESS_AT}


@pytest.mark.django_db
def test_a_nation_agrees_with_itself_but_for_certificates_and_activities():
    nation = make_nation(learners=3000, tell=lambda _text: None)
    assert Placement.objects.count() == nation.learners + 1
    assert {difference.kind for recount in RECOUNTS for difference in recount(AT)} <= KNOWN


@pytest.mark.django_db
def test_its_foreign_keys_are_those_that_were_there():
    def keys() -> Any:
        with connection.cursor() as cursor:
            return connection.introspection.get_constraints(cursor, Enrolment._meta.db_table)

    before = keys()
    make_nation(learners=100, tell=lambda _text: None)
    assert keys() == before
