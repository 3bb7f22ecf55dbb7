"""A new edition that waits for a second reader."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.course import Course
from courses.models.edition import Edition


class EditionKind(models.TextChoices):
    MINOR = "minor", _("Minor: corrections. Running learners get them too.")
    MATERIAL = "material", _("Material: for new enrolments. Running learners keep the edition they began.")


class EditionProposalQuerySet(models.QuerySet["EditionProposal"]):
    def waiting(self) -> Self:
        return self.filter(state=EditionProposal.State.WAITING)


class EditionProposal(models.Model):
    """What somebody proposes as the next edition; `content_hash` tells whether the pages still say the same.

    One proposal per course waits at a time. What was decided stays as the record of who read it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for a second reader")
        APPROVED = "approved", _("Approved")
        RETURNED = "returned", _("Returned to the author")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=16, choices=EditionKind)
    note = models.TextField(blank=True)
    content_hash = models.CharField(max_length=64)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State, default=State.WAITING)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, null=True, related_name="+")

    objects = EditionProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposed edition")
        verbose_name_plural = _("proposed editions")
        constraints = [
            models.UniqueConstraint(
                fields=["course"], condition=Q(state="waiting"), name="edition_proposal_one_waiting_per_course"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} · {self.get_state_display()}"
