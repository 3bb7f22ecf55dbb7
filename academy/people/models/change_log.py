"""Who changed what about people, units and roles: one line per action, written in its transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import WorkUnit
from academy.people.models.person import Person


class ChangeLogQuerySet(models.QuerySet["ChangeLog"]):
    def about_units(self, units: models.QuerySet[WorkUnit]) -> Self:
        """Lines about these units and about the people who work there today."""
        return self.filter(Q(unit__in=units) | Q(subject__unit__in=units))


class ChangeLog(models.Model):
    """One action, never changed. `actor` is null for a command; what concerns a whole agency names its root unit; `detail` holds the values before and after."""

    class Action(models.TextChoices):
        PLACED = "placed", _("Placed")
        PLAN_CANCELLED = "plan_cancelled", _("Planned move cancelled")
        RELEASED = "released", _("Released")
        CORRECTED = "corrected", _("Corrected")
        NIP_CHANGED = "nip_changed", _("NIP changed")
        DEACTIVATED = "deactivated", _("Deactivated")
        REACTIVATED = "reactivated", _("Reactivated")
        ROLE_GRANTED = "role_granted", _("Role granted")
        ROLE_ENDED = "role_ended", _("Role ended")
        UNIT_OPENED = "unit_opened", _("Unit opened")
        UNIT_RENAMED = "unit_renamed", _("Unit renamed")
        UNIT_MOVED = "unit_moved", _("Unit moved")
        UNIT_MERGED = "unit_merged", _("Unit merged")
        UNIT_CLOSED = "unit_closed", _("Unit closed")
        ROSTER_IMPORTED = "roster_imported", _("Roster imported")
        ROSTER_UNDONE = "roster_undone", _("Roster import undone")
        ASSIGNED = "assigned", _("Course assigned")
        CODE_MADE = "code_made", _("Activation code made")
        FOREIGN_NIP = "foreign_nip", _("Learned that a NIP belongs to another agency")
        FOREIGN_REFUSED = "foreign_refused", _("Refused to tell of very many NIPs of other agencies")

    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    action = models.CharField(_("action"), max_length=20, choices=Action)
    unit = models.ForeignKey(
        WorkUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("work unit")
    )
    subject = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    detail: models.JSONField[Any, Any] = models.JSONField(_("detail"), default=dict, blank=True)

    objects = ChangeLogQuerySet.as_manager()

    class Meta:
        verbose_name = _("change log entry")
        verbose_name_plural = _("change log")
        ordering = ["-at", "-pk"]


def record(
    action: ChangeLog.Action,
    *,
    by: Person | None,
    at: datetime,
    unit: WorkUnit | None = None,
    subject: Person | None = None,
    **detail: Any,
) -> ChangeLog:
    """Write one line. Call it inside the transaction of the action; `detail` must be plain JSON values."""
    return ChangeLog.objects.create(action=action, actor=by, at=at, unit=unit, subject=subject, detail=detail)
