"""The register of certificates. Rows are facts: nothing is deleted, nothing printed changes."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models import Organiser
from certificates.models.keys import SigningKey
from courses.models import Completion


class NumberSeries(models.Model):
    """The last number an organiser gave out in a year; locked and raised in the issuing transaction."""

    organiser = models.ForeignKey(Organiser, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organiser", "year"], name="number_series_once_per_year")]


class CertificateFile(models.Model):
    """A published file: stored once under the hash of its bytes, never drawn again. `level` names its signature."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveIntegerField(help_text="Bytes.")
    key = models.CharField(max_length=200, help_text="Path below the certificate store.")
    level = models.CharField(max_length=16, default="none")
    signing_key = models.ForeignKey(SigningKey, on_delete=models.PROTECT, null=True, blank=True, related_name="files")
    credential = models.JSONField(null=True, blank=True, help_text="The verifiable credential attached to the file.")


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def live(self) -> Self:
        """Neither revoked nor superseded: at most one per completion."""
        return self.filter(revoked_at__isnull=True, superseded_at__isnull=True)

    def published(self) -> Self:
        return self.filter(published_at__isnull=False)


class Certificate(models.Model):
    """One certificate of a completion, with every printed fact frozen as it was at issue.

    `code` is 16 Crockford base32 symbols (80 random bits), without separators. The work fields tell the worker what
    is still owed: a row without `published_at` is drawn under a lease, a bounded number of times.
    """

    completion = models.ForeignKey(Completion, on_delete=models.PROTECT, related_name="certificates")
    revision = models.PositiveSmallIntegerField(default=1)
    organiser = models.ForeignKey(Organiser, on_delete=models.PROTECT, related_name="certificates")
    year = models.PositiveSmallIntegerField()
    sequence = models.PositiveIntegerField()
    number = models.CharField(_("number"), max_length=120)
    code = models.CharField(_("code"), max_length=16, unique=True)
    facts = models.JSONField()
    facts_sha256 = models.CharField(max_length=64)
    template_version = models.CharField(max_length=40)
    issued_at = models.DateTimeField(_("issued at"))
    status_index = models.PositiveIntegerField(null=True, unique=True, help_text="Place in the status lists.")
    published_at = models.DateTimeField(null=True, blank=True)
    file = models.OneToOneField(
        CertificateFile, on_delete=models.PROTECT, null=True, blank=True, related_name="certificate"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    revocation_reason = models.CharField(max_length=40, blank=True)
    annuls_credit = models.BooleanField(default=False)
    superseded_at = models.DateTimeField(null=True, blank=True)
    # work
    lease_until = models.DateTimeField(null=True, blank=True, help_text="Somebody works on it until then.")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="After a failed try it rests until then.")
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.UniqueConstraint(fields=["organiser", "year", "sequence"], name="certificate_number_once"),
            models.UniqueConstraint(fields=["completion", "revision"], name="certificate_revision_once"),
            models.UniqueConstraint(
                fields=["completion"],
                condition=Q(revoked_at__isnull=True, superseded_at__isnull=True),
                name="certificate_one_live_per_completion",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True) | Q(file__isnull=False), name="certificate_published_has_file"
            ),
        ]
        indexes = [
            # The queue: a few rows of millions, asked for once per certificate by every worker.
            models.Index(
                fields=["tries", "issued_at"], condition=Q(published_at__isnull=True), name="certificate_unpublished"
            )
        ]

    def __str__(self) -> str:
        return self.number
