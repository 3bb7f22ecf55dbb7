"""What courses do when people move: the mirrors of unit and agency on enrolments follow."""

from __future__ import annotations

from typing import Any

from django.db.models import OuterRef, Subquery
from django.dispatch import receiver

from academy.people.models import Person, Placement
from academy.people.signals import placed
from courses.models import Enrolment


@receiver(placed, dispatch_uid="correct_enrolment_mirrors")
def correct_enrolment_mirrors(sender: type[Placement], person_ids: list[int], **kwargs: Any) -> None:
    """One UPDATE for all who moved. Completions keep the unit that earned them."""
    person = Person.objects.filter(pk=OuterRef("person"))
    Enrolment.objects.filter(person__in=person_ids).update(
        unit=Subquery(person.values("unit")[:1]), agency=Subquery(person.values("unit__agency")[:1])
    )
