"""Agencies and groups of them, as operators keep them. An agency is never deleted: people and facts rest on it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from academy.people.models import Agency, AgencyGroup, ChangeLog, Person, WorkUnit
from academy.people.models.change_log import record
from academy.people.refusals import Refused
from academy.people.units import ensure_root

FIELDS = ("kind", "name", "siasn_id", "time_zone")


class AgencyRefused(Refused):
    """The agency or group cannot be kept like this; `field` names what is wrong."""


@transaction.atomic
def add_agency(
    *, code: str, kind: str, name: str, siasn_id: str | None, time_zone: str, by: Person, at: datetime
) -> Agency:
    """A new agency with the root of its unit tree. AgencyRefused if the code or the SIASN id is taken."""
    if Agency.objects.filter(code=code).exists():
        raise AgencyRefused(_("Another agency has the code %(code)s.") % {"code": code}, field="code")
    _check_siasn_id(siasn_id)
    agency = Agency.objects.create(code=code, kind=kind, name=name, siasn_id=siasn_id or None, time_zone=time_zone)
    root = ensure_root(agency)
    record(ChangeLog.Action.UNIT_OPENED, by=by, at=at, unit=root, agency=code, name=name)
    return agency


@transaction.atomic
def change_agency(
    agency: Agency, *, kind: str, name: str, siasn_id: str | None, time_zone: str, by: Person, at: datetime
) -> Agency:
    """Correct what is known about it; its root unit is called alike. The code stays. A repeat changes nothing."""
    row = Agency.objects.select_for_update(no_key=True).get(pk=agency.pk)
    values = {"kind": kind, "name": name, "siasn_id": siasn_id or None, "time_zone": time_zone}
    before = {field: getattr(row, field) for field in FIELDS if getattr(row, field) != values[field]}
    if not before:
        return row
    _check_siasn_id(siasn_id, but=row)
    for field in before:
        setattr(row, field, values[field])
    row.save(update_fields=list(before))
    root = ensure_root(row)
    if root.name != name:
        WorkUnit.objects.filter(pk=root.pk).update(name=name)
    after = {field: values[field] for field in before}
    record(ChangeLog.Action.CORRECTED, by=by, at=at, unit=root, agency=row.code, before=before, after=after)
    return row


@transaction.atomic
def keep_group(
    group: AgencyGroup | None, *, name: str, agencies: Collection[Agency], by: Person, at: datetime
) -> AgencyGroup:
    """Make a group or change it: whoever holds a role over it sees other people from the next request on."""
    others = AgencyGroup.objects.exclude(pk=group.pk) if group else AgencyGroup.objects.all()
    if others.filter(name__iexact=name).exists():
        raise AgencyRefused(_("Another group has this name."), field="name")
    row = AgencyGroup.objects.select_for_update().get(pk=group.pk) if group else AgencyGroup.objects.create(name=name)
    before = _as_detail(row) if group else {}
    if row.name != name:
        row.name = name
        row.save(update_fields=["name"])
    row.agencies.set(agencies)
    after = _as_detail(row)
    if before != after:
        record(ChangeLog.Action.CORRECTED, by=by, at=at, group=row.pk, before=before, after=after)
    return row


def _as_detail(group: AgencyGroup) -> dict[str, Any]:
    return {"name": group.name, "agencies": list(group.agencies.order_by("code").values_list("code", flat=True))}


def _check_siasn_id(siasn_id: str | None, *, but: Agency | None = None) -> None:
    if siasn_id and Agency.objects.filter(siasn_id=siasn_id).exclude(Q(pk=but.pk) if but else Q()).exists():
        raise AgencyRefused(_("Another agency has this SIASN id."), field="siasn_id")
