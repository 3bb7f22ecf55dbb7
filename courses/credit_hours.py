"""Credit hours (JP) of a year: one definition over completions, and the rows that keep its answer for reports.

`Enrolment.counted_hours` and `LearnerYear` say nothing that `credited` does not say: they are written in the transaction
of what changes them, and can be made again by `recount`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, ExtractYear

from academy.people.models import Person
from courses.models import Completion, Enrolment, LearnerYear

# What a PNS is to gather in a year, and the most a PPPK is given in a year of the agreement.
# Sources: docs/rules.md, PP 11/2017 jo. PP 17/2020 Pasal 203(4); PP 49/2018 and Peraturan LAN 15/2020.
PNS_CREDIT_HOURS_A_YEAR = 20
PPPK_CREDIT_HOURS_A_YEAR = 24

# The row of a person and year is made or added to in one statement, so that of two courses finished at once none is lost.
_ADD = """
    INSERT INTO courses_learneryear (person_id, year, unit_id, agency_id, credit_hours) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (person_id, year) DO UPDATE SET credit_hours = courses_learneryear.credit_hours + EXCLUDED.credit_hours
"""


def credited() -> QuerySet[Completion]:
    """The completions that carry credit hours: at most one per person, course and year of `completed_on`.

    Of several in a year it is the one of most hours. Annulled credit does not count. Source: docs/rules.md, "Annual
    credit hours".
    """
    valid = Completion.objects.filter(credit_annulled_at__isnull=True)
    better = valid.filter(
        Q(credit_hours__gt=OuterRef("credit_hours")) | Q(credit_hours=OuterRef("credit_hours"), pk__gt=OuterRef("pk")),
        person=OuterRef("person"),
        course=OuterRef("course"),
        completed_on__year=ExtractYear(OuterRef("completed_on")),
    )
    return valid.exclude(Exists(better))


def credit_hours(person: Person, *, year: int) -> int:
    """Credit hours that count towards `year`; 0 if none."""
    found = credited().filter(person=person, completed_on__year=year).aggregate(hours=Sum("credit_hours"))
    return found["hours"] or 0


def count(completion: Completion) -> None:
    """Let a completion that was just recorded count, in the same transaction: once, for it adds."""
    year = completion.completed_on.year
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD, [completion.person_id, year, completion.unit_id, completion.agency_id, completion.credit_hours]
        )
    # Whoever finishes the same course in another run at this moment waits for the row above, and looks after it.
    same = Completion.objects.filter(
        person=completion.person_id, course=completion.course_id, completed_on__year=year
    ).exclude(pk=completion.pk)
    if same.exists():
        recount([completion.person_id])


@transaction.atomic
def annul(completion_ids: Collection[int], *, at: datetime) -> None:
    """Take the credit of these completions back; a repeat changes nothing."""
    annulled = Completion.objects.filter(pk__in=completion_ids, credit_annulled_at__isnull=True)
    person_ids = set(annulled.values_list("person", flat=True))
    annulled.update(credit_annulled_at=at)
    recount(person_ids)


@transaction.atomic
def recount(person_ids: Collection[int]) -> None:
    """Write what `credited` says of these people, all years, into the rows that keep it.

    Their rows are locked before anything is read: whoever finishes a course meanwhile comes before, and is counted, or
    waits in `count`, and adds. Enrolments come before years, as where people are placed.
    """
    finished = Enrolment.objects.filter(person__in=person_ids, completed_on__isnull=False)
    years = LearnerYear.objects.filter(person__in=person_ids)
    for rows in (finished, years):
        list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    hours = credited().filter(enrolment=OuterRef("pk")).values("credit_hours")
    finished.update(counted_hours=Coalesce(Subquery(hours), 0))
    summed = (
        Enrolment.objects.filter(person=OuterRef("person"), completed_on__year=OuterRef("year"))
        .order_by()
        .values("person")
        .annotate(hours=Sum("counted_hours"))
    )
    known = finished.order_by().values_list("person", "unit", "agency", ExtractYear("completed_on")).distinct()
    LearnerYear.objects.bulk_create(
        [
            LearnerYear(person_id=person, unit_id=unit, agency_id=agency, year=year, credit_hours=0)
            for person, unit, agency, year in known
        ],
        ignore_conflicts=True,
    )
    years.update(credit_hours=Coalesce(Subquery(summed.values("hours")), 0))
