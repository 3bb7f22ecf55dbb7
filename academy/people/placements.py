"""Placing a person in a unit: the only code that writes `Person.unit`."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from academy.people.models import Person, Placement, WorkUnit
from academy.people.signals import placed


@transaction.atomic
def place(person: Person, *, unit: WorkUnit | None, from_on: date, today: date) -> Placement:
    """Record that `person` works in `unit` from `from_on` on (None: has left), and mirror today's place.

    A second call for the same day replaces the first. A day in the future is recorded and mirrored when it comes.
    """
    # no_key: whoever finishes a course meanwhile points to this person, and holds what is mirrored below.
    Person.objects.select_for_update(no_key=True).filter(pk=person.pk).get()
    placement, _ = Placement.objects.update_or_create(person=person, from_on=from_on, defaults={"unit": unit})
    current = Placement.objects.filter(person=person, from_on__lte=today).order_by("-from_on").first()
    unit_now = current.unit if current else None
    if person.unit_id != (unit_now.pk if unit_now else None):
        person.unit = unit_now
        person.save(update_fields=["unit"])
        placed.send(sender=Placement, person_ids=[person.pk])
    return placement
