"""A nation for measuring: what it writes by sets says what the recount of stored numbers says."""

from __future__ import annotations

from itertools import pairwise
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


@pytest.mark.django_db
def test_the_enrolments_of_an_agency_are_scattered_over_all_that_lie_in_the_order_of_time():
    """Clustered even within a day, an agency would be read from a few pages of the table, which no real one is."""
    make_nation(learners=6000, tell=lambda _text: None)
    rows = list(Enrolment.objects.order_by("pk").values_list("enrolled_at", "agency_id"))
    assert rows == sorted(rows, key=lambda row: row[0])
    agencies = [agency for _at, agency in rows]
    largest = max(set(agencies), key=agencies.count)
    follows_itself = sum(one == other == largest for one, other in pairwise(agencies))
    share = agencies.count(largest) / len(agencies)
    assert follows_itself < 2 * share * agencies.count(largest)
