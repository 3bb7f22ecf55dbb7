"""Placing a person in a unit: the only code that writes `Person.unit`."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from academy.people.models import Person, Placement, WorkUnit
from academy.people.signals import placed

# The clock asks every hour; a month bridges the longest standstill anybody should bear.
LOOK_BACK = timedelta(days=31)


@transaction.atomic
def place(person: Person, *, unit: WorkUnit | None, from_on: date, today: date) -> Placement:
    """Record that `person` works in `unit` from `from_on` on (None: has left), and mirror today's place.

    A second call for the same day replaces the first. A day in the future is recorded and mirrored when it comes.
    """
    # no_key: whoever finishes a course meanwhile points to this person, and holds what is mirrored below.
    locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    placement, _ = Placement.objects.update_or_create(person=person, from_on=from_on, defaults={"unit": unit})
    _mirror(locked, today=today)
    person.unit = locked.unit
    return placement


@transaction.atomic
def drop_plan(placement: Placement, *, today: date) -> None:
    """Take back a placement recorded ahead. Where the clock ran ahead of the agency's day, the mirror follows."""
    person = Person.objects.select_for_update(no_key=True).get(pk=placement.person_id)
    placement.delete()
    _mirror(person, today=today)


@transaction.atomic
def place_everybody(*, from_unit: WorkUnit, to_unit: WorkUnit, today: date) -> list[int]:
    """Place all who work in `from_unit`, active or not, in `to_unit` from today on; who that was.

    Placements there that begin today or later are changed as well, so that nobody is led back. The signal is sent once.
    """
    # In one order, so that two who place many at once wait for each other instead of blocking each other.
    locked = Person.objects.select_for_update(no_key=True).filter(unit=from_unit).order_by("pk")
    person_ids = list(locked.values_list("pk", flat=True))
    Placement.objects.filter(unit=from_unit, from_on__gte=today).update(unit=to_unit)
    Placement.objects.bulk_create(
        [Placement(person_id=person_id, unit=to_unit, from_on=today) for person_id in person_ids],
        update_conflicts=True,
        unique_fields=["person", "from_on"],
        update_fields=["unit"],
        batch_size=1000,
    )
    Person.objects.filter(unit=from_unit).update(unit=to_unit)
    if person_ids:
        placed.send(sender=Placement, person_ids=person_ids)
    return person_ids


def mirror_placements_that_came(*, today: date) -> int:
    """Mirror what was recorded ahead and begins by now; how many people moved. A repeat moves nobody."""
    recent = Placement.objects.filter(from_on__lte=today, from_on__gt=today - LOOK_BACK)
    moved = 0
    for person_id in recent.values_list("person", flat=True).distinct():
        with transaction.atomic():
            moved += _mirror(Person.objects.select_for_update(no_key=True).get(pk=person_id), today=today)
    return moved


def _mirror(person: Person, *, today: date) -> bool:
    """Bring `unit` of the locked row in line with the placement of today; whether it changed."""
    current = Placement.objects.filter(person=person, from_on__lte=today).order_by("-from_on").first()
    unit = current.unit if current else None
    if person.unit_id == (unit.pk if unit else None):
        return False
    person.unit = unit
    person.save(update_fields=["unit"])
    placed.send(sender=Placement, person_ids=[person.pk])
    return True
