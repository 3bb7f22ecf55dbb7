"""Certificates of a unit gathered into ZIP files for an HR officer: what was asked for, and how far it is."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models import Person, WorkUnit
from certificates.models.register import Certificate
from courses.models import Course


class CertificateArchiveQuerySet(models.QuerySet["CertificateArchive"]):
    def owed(self) -> Self:
        """What a worker still has to make, found by the sweep as well as by the doorbell."""
        return self.filter(state=CertificateArchive.State.WAITING)

    def live(self) -> Self:
        return self.filter(state__in=[CertificateArchive.State.WAITING, CertificateArchive.State.READY])


class CertificateArchive(models.Model):
    """One gathering: waiting → ready → expired, or cancelled, or failed. Its certificates are chosen at the start.

    `left_out` counts what belongs to the choice and was not taken, by reason: not_published, revoked, replaced.
    `done` counts certificates that lie in whole parts, and those of the part under way.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Being gathered")
        READY = "ready", _("Ready to download")
        CANCELLED = "cancelled", _("Cancelled")
        FAILED = "failed", _("Could not be made")
        EXPIRED = "expired", _("Deleted after its time")

    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("asked for at"))
    scope = models.CharField(max_length=300, help_text="What the officer was entitled to, in words.")
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, related_name="+", verbose_name=_("work unit"))
    year = models.PositiveSmallIntegerField(_("year"))
    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("course"))
    with_withdrawn = models.BooleanField(_("revoked and replaced ones too"), default=False)
    total = models.PositiveIntegerField()
    left_out: models.JSONField[Any, Any] = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.WAITING)
    ready_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # work
    done = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    objects = CertificateArchiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive of certificates")
        verbose_name_plural = _("archives of certificates")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["by", "unit", "year", "course", "with_withdrawn"],
                condition=Q(state__in=["waiting", "ready"], course__isnull=False),
                name="archive_live_once_per_choice",
            ),
            models.UniqueConstraint(
                fields=["by", "unit", "year", "with_withdrawn"],
                condition=Q(state__in=["waiting", "ready"], course__isnull=True),
                name="archive_live_once_for_all_courses",
            ),
        ]


class ArchivedCertificate(models.Model):
    """A certificate that was chosen for an archive, and the part it lies in; both from 1 on."""

    archive = models.ForeignKey(CertificateArchive, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    part = models.PositiveSmallIntegerField()
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["archive", "position"], name="archived_position_once")]


class ArchivePart(models.Model):
    """A ZIP file that is whole: DATA_DIR/exports/`file_name`. What it could not hold is in `problems`."""

    archive = models.ForeignKey(CertificateArchive, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    file_name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    count = models.PositiveSmallIntegerField(help_text="Certificates in it.")
    problems: models.JSONField[Any, Any] = models.JSONField(default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["archive", "number"], name="archive_part_once")]
