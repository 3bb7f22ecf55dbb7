"""Assigned learning: an HR officer enrols many people in a course, to be finished by a day."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from academy.people.models import WorkUnit
from courses.models.course import Course
from courses.models.enrolment import Enrolment, Run

MOST_TRIES = 5


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def owed(self, at: datetime) -> Self:
        """Confirmed, not finished, under nobody's lease and not given up."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=at)
        return self.filter(free, state=Assignment.State.CONFIRMED, tries__lt=MOST_TRIES)


class Assignment(models.Model):
    """preview → confirmed → done (or stopped) → taken back; a preview may be discarded.

    For everybody in a unit and all below it, or for a list of NIPs; into a dated run, without one into the self-paced
    run of the year. `problem` says why it stopped: "role", or a sentence. `last_person` and `counts` grow with every portion
    and are written in its transaction, so that the work goes on where it stopped.
    """

    class State(models.TextChoices):
        PREVIEW = "preview", _("Not confirmed yet")
        CONFIRMED = "confirmed", _("Enrolling")
        DONE = "done", _("Assigned")
        STOPPED = "stopped", _("Stopped")
        DISCARDED = "discarded", _("Discarded")
        TAKEN_BACK = "taken_back", _("Taken back")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+", verbose_name=_("course"))
    run = models.ForeignKey(
        Run, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("run")
    )
    due_on = models.DateField(_("to be finished by"))
    unit = models.ForeignKey(
        WorkUnit, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("work unit")
    )
    nips: models.JSONField[Any, Any] = models.JSONField(_("NIPs"), default=list, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PREVIEW)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    problem = models.TextField(_("problem"), blank=True)
    total = models.PositiveIntegerField(default=0)  # people to go through, counted when it was confirmed
    last_person = models.BigIntegerField(default=0)
    counts: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(unit__isnull=False) & Q(nips=[])) | (Q(unit__isnull=True) & ~Q(nips=[])),
                name="assignment_to_unit_or_list",
            )
        ]

    @property
    def title(self) -> str:
        """The course, and the run if it is a dated one."""
        return f"{self.course.title}, {self.run.name}" if self.run else self.course.title

    @property
    def is_given_up(self) -> bool:
        """Failed too often: the sweep leaves it alone until somebody looks."""
        return self.state == self.State.CONFIRMED and self.tries >= MOST_TRIES


class AssignedEnrolment(models.Model):
    """An assignment that an enrolment has to meet; `enrolled` if it put the person into the course.

    `Enrolment.due_on` is the earliest day of those in force.
    """

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="assigned")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="assigned")
    enrolled = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "enrolment"], name="assignment_once_per_enrolment")
        ]
