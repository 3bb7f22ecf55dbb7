"""What rows repeat so that reports need no join: what each should say, which do not, and writing them anew.

They are written in the transaction of what they repeat, so none should ever differ. Here everything is worked out from
the facts again: completions, runs, and where people work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db import connections, transaction
from django.db.models import Case, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, ExtractYear

from academy.distinct import IsDistinct
from academy.people.models import Person
from courses import credit_hours, keeping_progress
from courses.models import Completion, Enrolment, LearnerYear

# Field of an enrolment → where the same stands as a fact.
OF_ENROLMENT: dict[str, str] = {
    "course": "run__course",
    "unit": "person__unit",
    "agency": "person__unit__agency",
    "completed_at": "completion__completed_at",
    "completed_on": "completion__completed_on",
    "earned_unit": "completion__unit",
    "score": "completion__score",
    "credit_hours": "completion__credit_hours",
}
OF_YEAR: dict[str, str] = {"unit": "person__unit", "agency": "person__unit__agency"}


@dataclass(frozen=True)
class WrongHours:
    """Credit hours of a person in a year; None: no row, or nothing finished in the year."""

    person: int
    year: int
    stored: int | None
    counted: int | None


def of_enrolment() -> dict[str, Any]:
    """What the fields of an enrolment should say, as expressions of a query."""
    hours = credit_hours.credited().filter(enrolment=OuterRef("pk")).values("credit_hours")
    counted = Case(
        When(completion__isnull=False, then=Coalesce(Subquery(hours), 0)), output_field=IntegerField(null=True)
    )
    return {name: F(source) for name, source in OF_ENROLMENT.items()} | {"counted_hours": counted}


def differs(meant: dict[str, Any]) -> Q:
    """One of these fields is not what is meant."""
    return reduce(or_, (Q(IsDistinct(F(name), expression)) for name, expression in meant.items()))


def years_elsewhere() -> QuerySet[LearnerYear]:
    """Rows whose unit or agency is not where the person works."""
    years: QuerySet[LearnerYear] = LearnerYear.objects.filter(
        differs({name: F(source) for name, source in OF_YEAR.items()})
    )
    return years


def needless_years() -> QuerySet[LearnerYear]:
    """Rows of a year in which the person finished nothing."""
    finished = Completion.objects.filter(person=OuterRef("person"), completed_on__year=OuterRef("year"))
    return LearnerYear.objects.filter(~Exists(finished))


def wrong_hours() -> Iterator[WrongHours]:
    """Years without a row, with other hours than a recount gives, or without anything finished.

    The recount takes of each course and year the most hours that are not annulled: in one statement, so that nobody
    who finishes something meanwhile is in one half of it only.
    """
    of_courses = (
        Completion.objects.order_by()
        .values("person_id", "course_id", year=ExtractYear("completed_on"))
        .annotate(hours=Coalesce(Max("credit_hours", filter=Q(credit_annulled_at__isnull=True)), 0))
    )
    sql, params = of_courses.values_list("person_id", "year", "hours").query.get_compiler(of_courses.db).as_sql()
    statement = f"""
        SELECT counted.person, counted.year, kept.credit_hours, counted.hours
        FROM (SELECT person_id AS person, year, SUM(hours) AS hours FROM ({sql}) AS courses GROUP BY 1, 2) AS counted
        LEFT JOIN courses_learneryear AS kept ON kept.person_id = counted.person AND kept.year = counted.year
        WHERE kept.credit_hours IS NULL OR kept.credit_hours <> counted.hours
        ORDER BY 1, 2
    """  # noqa: S608  ours
    with connections[of_courses.db].cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(1000):
            for person, year, stored, counted in rows:
                yield WrongHours(person, int(year), stored, int(counted))
    needless = needless_years().order_by("person", "year").values_list("person", "year", "credit_hours")
    for person, year, stored in needless.iterator():
        yield WrongHours(person, year, stored, None)


@transaction.atomic
def write_anew(person_ids: Collection[int]) -> None:
    """Let the rows of these people repeat the facts; a repeat changes nothing.

    They are locked first, in the order in which the actions lock them: whoever finishes a course or moves meanwhile
    comes before, and is seen, or after, and writes what is right.
    """
    enrolments = Enrolment.objects.filter(person__in=person_ids)
    list(enrolments.order_by("pk").select_for_update().values_list("pk"))
    years = LearnerYear.objects.filter(person__in=person_ids)
    list(years.order_by("pk").select_for_update().values_list("pk"))
    meant = {name: F(source) for name, source in OF_ENROLMENT.items()}
    wrong = list(enrolments.filter(differs(meant)).values_list("pk", flat=True))
    own = Enrolment.objects.filter(pk=OuterRef("pk"))
    Enrolment.objects.filter(pk__in=wrong).update(
        **{name: Subquery(own.values(source)[:1]) for name, source in OF_ENROLMENT.items()}
    )
    enrolments.filter(completed_on__isnull=True, counted_hours__isnull=False).update(counted_hours=None)
    keeping_progress.recount(enrolments)
    keeping_progress.needless().filter(enrolment__person__in=person_ids).delete()
    credit_hours.recount(person_ids)
    needless_years().filter(person__in=person_ids).delete()
    elsewhere = list(years_elsewhere().filter(person__in=person_ids).values_list("pk", flat=True))
    person = Person.objects.filter(pk=OuterRef("person"))
    LearnerYear.objects.filter(pk__in=elsewhere).update(
        unit=Subquery(person.values("unit")[:1]), agency=Subquery(person.values("unit__agency")[:1])
    )
