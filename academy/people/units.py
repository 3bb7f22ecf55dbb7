"""Changes of the unit tree. Each locks the agency first, so that two at once cannot tear the tree."""

from __future__ import annotations

from typing import cast

from django.db import transaction

from academy.people.models import Agency, WorkUnit


@transaction.atomic
def ensure_root(agency: Agency) -> WorkUnit:
    """The root unit that stands for the agency itself; made at the first call."""
    Agency.objects.select_for_update().get(pk=agency.pk)
    root = WorkUnit.objects.filter(agency=agency, depth=1).first()
    return cast(WorkUnit, root or WorkUnit.add_root(agency=agency, name=agency.name))


@transaction.atomic
def ensure_unit(parent: WorkUnit, name: str) -> WorkUnit:
    """The child of `parent` with this name; made at the first call."""
    Agency.objects.select_for_update().get(pk=parent.agency_id)
    parent = WorkUnit.objects.get(pk=parent.pk)
    child = parent.get_children().filter(name=name).first()
    return cast(WorkUnit, child or parent.add_child(agency_id=parent.agency_id, name=name))
