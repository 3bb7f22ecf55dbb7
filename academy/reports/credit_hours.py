"""Credit hours (JP) of a year: one definition over completions, for a person and for the reports."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import ExtractYear

from academy.people.models import Person
from certificates.models import Certificate
from courses.models import Completion

# What a PNS is to gather in a year, and the most a PPPK is given in a year of the agreement.
# Sources: docs/rules.md, PP 11/2017 jo. PP 17/2020 Pasal 203(4); PP 49/2018 and Peraturan LAN 15/2020.
PNS_CREDIT_HOURS_A_YEAR = 20
PPPK_CREDIT_HOURS_A_YEAR = 24


def credited() -> QuerySet[Completion]:
    """The completions that carry credit hours: at most one per person, course and year of `completed_on`.

    Of several in a year it is the one of most hours. Annulled credit does not count. Source: docs/rules.md, "Annual
    credit hours".
    """
    annulled = Certificate.objects.filter(completion=OuterRef("pk"), revoked_at__isnull=False, annuls_credit=True)
    valid = Completion.objects.exclude(Exists(annulled))
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
