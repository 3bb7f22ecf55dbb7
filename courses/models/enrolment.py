"""Runs, who is in them, how far they are, and the fact that they finished."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models import Agency, WorkUnit
from courses.models.course import Course
from courses.models.edition import Edition


class Run(models.Model):
    """A dated holding of a course (angkatan). A self-paced course has one open run per calendar year."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="runs")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveSmallIntegerField(_("angkatan"), null=True, blank=True)
    opens_on = models.DateField()
    closes_on = models.DateField()

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(
                fields=["course", "year"], condition=Q(number__isnull=True), name="run_one_self_paced_per_year"
            ),
            models.UniqueConstraint(fields=["course", "year", "number"], name="run_number_once_per_year"),
        ]

    @property
    def is_self_paced(self) -> bool:
        return self.number is None


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def current(self) -> Self:
        """Not withdrawn: what learners and reports count as enrolled."""
        return self.filter(withdrawn_at__isnull=True)

    def running(self) -> Self:
        return self.current().filter(completed_at__isnull=True)


class Enrolment(models.Model):
    """A person in a run. Withdrawing keeps the row, rejoining clears it; a retake is a later run.

    `unit` and `agency` mirror where the person works now; `completed_at`, `score` and `credit_hours` mirror the
    Completion, so that reports need no join.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrolments")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="enrolments")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="enrolments")
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+")
    enrolled_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    credit_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)  # set by an assignment: the earliest day of those in force

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [models.UniqueConstraint(fields=["person", "run"], name="enrolment_once_per_run")]


class ActivityProgress(models.Model):
    """The fact that an activity was done; a quiz is done when an attempt reached its pass mark."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="progress")
    activity = models.UUIDField()
    done_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrolment", "activity"], name="activity_done_once")]


class Completion(models.Model):
    """The fact that a course was finished; immutable. `unit` and `agency` are those that earned it.

    `completed_on` is the day in the time zone of the earning agency: every year, month and printed date comes from it.
    """

    class Outcome(models.TextChoices):
        PASSED = "passed", _("Passed")
        ATTENDED = "attended", _("Attended")

    enrolment = models.OneToOneField(Enrolment, on_delete=models.PROTECT, related_name="completion")
    outcome = models.CharField(max_length=16, choices=Outcome)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="completions", db_index=False
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="completions")
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+")
    score = models.DecimalField(max_digits=5, decimal_places=2)
    credit_hours = models.PositiveSmallIntegerField()
    completed_at = models.DateTimeField()
    completed_on = models.DateField()

    class Meta:
        verbose_name = _("completion")
        verbose_name_plural = _("completions")
        # SQLite has no statistics: asked for a person and a course it would walk through everybody's completions of it.
        indexes = [models.Index(fields=["person", "course"], name="completion_person_course")]
