"""What a person may do beyond learning, where, and for how long."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import AgencyGroup, WorkUnit
from academy.people.models.person import Person


def in_force(at: datetime, prefix: str = "") -> Q:
    """The roles that count at that moment: one that ends at 12.00 does not count at 12.00 any more."""
    not_ended = Q(**{f"{prefix}until_at__isnull": True}) | Q(**{f"{prefix}until_at__gt": at})
    return not_ended & Q(**{f"{prefix}from_at__lte": at})


def covers(unit: WorkUnit) -> Q:
    """For a query of roles: those over the unit, over one above it, or over a group with its agency."""
    return Q(unit__path__in=WorkUnit.paths_to(unit.path)) | Q(group__agencies=unit.agency_id)


class RoleQuerySet(models.QuerySet["Role"]):
    def in_force(self, at: datetime) -> Self:
        return self.filter(in_force(at))

    def not_ended(self, at: datetime) -> Self:
        """In force at that moment or still to begin."""
        return self.filter(Q(until_at__isnull=True) | Q(until_at__gt=at))


class Role(models.Model):
    """A role over a unit and all below it, or over a group of agencies. Ended by `until_at`, never deleted."""

    class Kind(models.TextChoices):
        TRAINER = "trainer", _("Trainer")
        REVIEWER = "reviewer", _("Reviewer")
        HR = "hr", _("HR officer")
        ORGANISER = "organiser", _("Organiser")
        OPERATOR = "operator", _("Operator")
        DATA_PROTECTION = "data_protection", _("Data protection officer")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="roles")
    kind = models.CharField(_("role"), max_length=16, choices=Kind)
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="roles")
    group = models.ForeignKey(AgencyGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="roles")
    from_at = models.DateTimeField(_("from"))
    until_at = models.DateTimeField(_("until"), null=True, blank=True)
    granted_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("granted by")
    )

    objects = RoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, group__isnull=True) | Q(unit__isnull=True, group__isnull=False),
                name="role_over_unit_or_group",
            ),
        ]
