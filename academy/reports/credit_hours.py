"""Credit hours (JP) of a person and year: one function over completions."""

from __future__ import annotations

from django.db.models import Exists, Max, OuterRef

from academy.people.models import Person
from certificates.models import Certificate
from courses.models import Completion

# What a PNS is to gather in a year, and the most a PPPK is given in a year of the agreement.
# Sources: docs/rules.md, PP 11/2017 jo. PP 17/2020 Pasal 203(4); PP 49/2018 and Peraturan LAN 15/2020.
PNS_CREDIT_HOURS_A_YEAR = 20
PPPK_CREDIT_HOURS_A_YEAR = 24


def credit_hours(person: Person, *, year: int) -> int:
    """Credit hours that count towards `year`, by `Completion.completed_on`.

    A course counts once a year; annulled credit does not count. 0 if none. Source: docs/rules.md, "Annual credit hours".
    """
    annulled = Certificate.objects.filter(completion=OuterRef("pk"), revoked_at__isnull=False, annuls_credit=True)
    by_course = (
        Completion.objects.filter(person=person, completed_on__year=year)
        .exclude(Exists(annulled))
        .values("course")
        .annotate(hours=Max("credit_hours"))
    )
    return sum(row["hours"] for row in by_course)
