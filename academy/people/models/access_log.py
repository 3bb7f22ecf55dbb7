"""Who looked at other people's data: opened a person's page, took a report file along."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import WorkUnit
from academy.people.models.person import Person


class AccessLog(models.Model):
    """One look, never changed. `subject` is the person looked at; null for a report about many.

    `scope` names what the reader was entitled to at that moment, `detail` holds filters, row count and hash of a file.
    `units` are the topmost units that a file is about; whoever is over them, or over a part of them, is shown the entry.
    """

    class Action(models.TextChoices):
        PERSON_PAGE = "person_page", _("Opened a person's page")
        REPORT_FILE = "report_file", _("Downloaded a report")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("reader"))
    action = models.CharField(_("action"), max_length=16, choices=Action)
    scope = models.CharField(_("scope"), max_length=300)
    at = models.DateTimeField(_("at"))
    subject = models.ForeignKey(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("person looked at")
    )
    detail: models.JSONField[Any, Any] = models.JSONField(_("detail"), default=dict, blank=True)
    units = models.ManyToManyField(WorkUnit, related_name="+", verbose_name=_("work units"))

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        ordering = ["-at", "-pk"]
