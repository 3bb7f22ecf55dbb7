"""Leaving one agency for another (mutasi): the old agency releases, the new one places."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import Agency, WorkUnit
from academy.people.models.person import Person


class TransferQuerySet(models.QuerySet["Transfer"]):
    def under_way(self) -> Self:
        return self.filter(placed_at__isnull=True, withdrawn_at__isnull=True)


class Transfer(models.Model):
    """A release to another agency. Until that agency places the person, the old one still sees and counts them."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="transfers")
    # As it was: the agency that released keeps this fact, and learns of no later change.
    name = models.CharField(_("name when released"), max_length=400)
    from_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="+")
    to_agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+")
    released_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(_("released at"))
    placed_in = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    placed_at = models.DateTimeField(_("placed at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-released_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(placed_at__isnull=True, withdrawn_at__isnull=True),
                name="transfer_one_open_per_person",
            ),
        ]
