"""One file of people or units that was handed in: where it stands, what it would do or did, and how to take it back."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import Agency, WorkUnit
from academy.people.models.person import Person


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    def owed(self) -> Self:
        """What a worker still has to do, found by the sweep as well as by the doorbell."""
        state = RosterImport.State
        return self.filter(state__in=[state.WAITING, state.CONFIRMED, state.UNDOING])


class RosterImport(models.Model):
    """A file on its way: waiting → preview (or refused, or mapping asked for) → confirmed → applied → undoing → undone.

    `counts` has the keys of `manage.py import_roster --json`; `samples` a few lines of each kind; `problem` is the
    sentence that refuses a whole file or, once it is applied, says why it cannot be undone.
    """

    class Kind(models.TextChoices):
        PEOPLE = "people", _("People")
        UNITS = "units", _("Units")

    class State(models.TextChoices):
        WAITING = "waiting", _("Being checked")
        MAPPING = "mapping", _("Columns to be assigned")
        REFUSED = "refused", _("Refused")
        PREVIEW = "preview", _("Checked, not applied yet")
        CONFIRMED = "confirmed", _("Being applied")
        APPLIED = "applied", _("Applied")
        CANCELLED = "cancelled", _("Discarded")
        UNDOING = "undoing", _("Being undone")
        UNDONE = "undone", _("Undone")

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PEOPLE)
    by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("handed in at"))
    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField(max_length=64)
    create_units = models.BooleanField(_("make missing units"), default=False)
    deactivate_gone = models.BooleanField(_("deactivate people who are missing from the file"), default=False)
    mapping: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)  # heading of the file → field
    headings: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)  # as found, for the mapping step
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    problem = models.TextField(_("problem"), blank=True)
    progress = models.PositiveSmallIntegerField(_("progress"), default=0)  # percent of the step under way
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    samples: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    # First and last keys of the people it made: [[17, 42], …]. Rows for a hundred thousand would double the cost.
    new_people: models.JSONField[Any, Any] = models.JSONField(default=list, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("roster import")
        verbose_name_plural = _("roster imports")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.file_name


class RosterChange(models.Model):
    """What an applied import did to a person who was there before, or the unit it made: enough to take it back."""

    class Kind(models.TextChoices):
        NEW = "new", _("New")
        CHANGED = "changed", _("Changed")
        MOVED = "moved", _("Moved")
        GONE = "gone", _("Gone")

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=8, choices=Kind)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(WorkUnit, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    before: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)  # the fields it overwrote
