"""One try at a quiz, and the answers given in it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models.edition import EditionActivity
from courses.models.enrolment import Enrolment
from courses.models.questions import QuestionVersion


class Attempt(models.Model):
    """`served` is what the learner saw, in that order: [{"version": id, "options": [option id, …]}, …].

    All moments are the server's. `score` runs from 0 to 100 and is null until submitted.
    """

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="attempts")
    edition_activity = models.ForeignKey(EditionActivity, on_delete=models.PROTECT, related_name="+")
    activity = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    served = models.JSONField()
    started_at = models.DateTimeField()
    deadline_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    passed = models.BooleanField(null=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "activity", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["enrolment", "activity"], condition=Q(submitted_at__isnull=True), name="attempt_one_open"
            ),
        ]


class Response(models.Model):
    """The answer to one question of an attempt; saving again replaces it. `chosen` is a list of option ids."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="responses")
    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")
    chosen = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "version"], name="response_once_per_question")]
