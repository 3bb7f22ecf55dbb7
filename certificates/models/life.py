"""What happens to certificates after they were issued, as rows that say who did it and why."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from academy.people.models import Organiser
from certificates.models.register import Certificate


class RevocationQuerySet(models.QuerySet["Revocation"]):
    def waiting(self) -> Self:
        """For a second person."""
        return self.filter(carried_out_at__isnull=True, withdrawn_at__isnull=True, declined_at__isnull=True)


class Revocation(models.Model):
    """One decision to revoke certificates of one organiser. Until `carried_out_at` it waits for a second person.

    Whoever proposed it may withdraw it, the second person may decline it. The public sees the reason and the day,
    never a note.
    """

    class Reason(models.TextChoices):
        WRONG_DATA = "wrong-data", _("The certificate holds wrong data")
        NOT_ENTITLED = "not-entitled", _("The requirements were not met")
        MISCONDUCT = "misconduct", _("The result was not obtained honestly")
        ISSUED_IN_ERROR = "issued-in-error", _("Issued by mistake")

        @classmethod
        def in_words(cls, value: str) -> str:
            """For the reason that a certificate keeps; one of before there were classes stands for itself."""
            return str(cls(value).label) if value in cls.values else value

    organiser = models.ForeignKey(Organiser, on_delete=models.PROTECT, related_name="+")
    certificates = models.ManyToManyField(Certificate, related_name="revocations")
    reason = models.CharField(_("reason"), max_length=40, choices=Reason)
    note = models.TextField(_("note"), max_length=1000, blank=True)
    annuls_credit = models.BooleanField(_("annuls the credit hours"), default=False)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    carried_out_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decline_note = models.TextField(_("why it was declined"), max_length=1000, blank=True)

    objects = RevocationQuerySet.as_manager()

    class Meta:
        verbose_name = _("revocation")
        verbose_name_plural = _("revocations")
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(carried_out_at__isnull=True, withdrawn_at__isnull=True)
                    | Q(carried_out_at__isnull=True, declined_at__isnull=True)
                    | Q(withdrawn_at__isnull=True, declined_at__isnull=True)
                ),
                name="revocation_decided_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="revocation_second_person_is_another",
            ),
            models.CheckConstraint(
                condition=Q(declined_by__isnull=True) | ~Q(declined_by=F("proposed_by")),
                name="revocation_declined_by_another",
            ),
            models.CheckConstraint(
                condition=Q(declined_by__isnull=True, declined_at__isnull=True)
                | Q(declined_by__isnull=False, declined_at__isnull=False),
                name="revocation_declined_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.pk})"
