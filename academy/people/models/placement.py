"""Where a person works, and since when."""

from __future__ import annotations

from django.db import models

from academy.people.models.agency import WorkUnit
from academy.people.models.person import Person


class Placement(models.Model):
    """From this day on the person works in `unit`; no unit means: left. The next row's start is the end."""

    # No index of its own: that of the constraint below begins with the person.
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="placements", db_index=False)
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+")
    from_on = models.DateField()

    class Meta:
        ordering = ["person", "from_on"]
        constraints = [models.UniqueConstraint(fields=["person", "from_on"], name="placement_once_per_day")]
