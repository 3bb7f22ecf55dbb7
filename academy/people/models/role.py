"""What a person may do beyond learning, where, and for how long."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import AgencyGroup, WorkUnit
from academy.people.models.person import Person


class RoleQuerySet(models.QuerySet["Role"]):
    def in_force(self, on: date) -> Self:
        return self.filter(Q(until_on__isnull=True) | Q(until_on__gte=on), from_on__lte=on)


class Role(models.Model):
    """A role over a unit and all below it, or over a group of agencies. Ended by `until_on`, never deleted."""

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
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"), null=True, blank=True)

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
