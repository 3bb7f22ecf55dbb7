"""Agencies (instansi), groups of them, and the tree of work units inside each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Self, cast
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet


class Agency(models.Model):  # type: ignore[django-manager-missing]  # treebeard has no type hints
    """An agency (instansi). `code` is SIASN's kode, such as 7701; agencies are never nested."""

    class Kind(models.TextChoices):
        PROVINCE = "province", _("Province")
        REGENCY = "regency", _("Regency")
        CITY = "city", _("City")
        MINISTRY = "ministry", _("Ministry or institution")

    code = models.CharField(_("code"), max_length=16, unique=True)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    name = models.CharField(_("name"), max_length=200)
    siasn_id = models.CharField(_("SIASN id"), max_length=40, unique=True, null=True, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Makassar")

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    def day(self, at: datetime) -> date:
        """The calendar day of this moment where the agency is."""
        return timezone.localdate(at, ZoneInfo(self.time_zone))

    def midnight(self, on: date) -> datetime:
        """The moment at which this day begins where the agency is."""
        return datetime(on.year, on.month, on.day, tzinfo=ZoneInfo(self.time_zone))


class AgencyGroup(models.Model):
    """Agencies that somebody looks at together, such as a province and its regencies."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    agencies = models.ManyToManyField(Agency, related_name="groups", verbose_name=_("agencies"))

    class Meta:
        verbose_name = _("agency group")
        verbose_name_plural = _("agency groups")

    def __str__(self) -> str:
        return self.name


class WorkUnitQuerySet(MP_NodeQuerySet):
    def open(self, on: date) -> Self:
        condition = Q(closed_on__isnull=True) | Q(closed_on__gt=on)
        return cast(Self, self.filter(condition))


class WorkUnitManager(MP_NodeManager):
    def get_queryset(self) -> WorkUnitQuerySet:
        return cast(WorkUnitQuerySet, WorkUnitQuerySet(self.model, using=self._db).order_by("path"))


class WorkUnit(MP_Node):
    """A unit (unit kerja) in its agency's tree; the root stands for the agency itself.

    A closed or merged unit stays, and what was earned there keeps pointing to it. Change the tree only through
    `academy.people.units`, which locks the agency first.
    """

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="units", verbose_name=_("agency"))
    name = models.CharField(_("name"), max_length=200)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("merged into")
    )

    objects: Any = WorkUnitManager()

    class Meta:
        verbose_name = _("work unit")
        verbose_name_plural = _("work units")
        constraints = [
            models.UniqueConstraint(fields=["agency"], condition=Q(depth=1), name="unit_one_root_per_agency"),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def paths_to(cls, path: str) -> list[str]:
        """The paths of everything above the unit of this path, from the root down, and last its own."""
        return [path[:end] for end in range(cls.steplen, len(path) + 1, cls.steplen)]

    def is_closed(self, *, at: datetime) -> bool:
        return self.closed_on is not None and self.closed_on <= self.agency.day(at)
