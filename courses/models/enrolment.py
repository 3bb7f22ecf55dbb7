"""Runs, who is in them, how far they are, and the fact that they finished."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, Q, Value, When
from django.forms import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel

from academy.covering import CoveringIndex
from academy.numerals import roman
from academy.people.models import Agency, WorkUnit
from courses.models.course import Course
from courses.models.edition import Edition
from courses.run_form import RunForm
from courses.validity import RENEWED_BEFORE


class RunQuerySet(models.QuerySet["Run"]):
    def taking_enrolments(self, on: date) -> Self:
        """Dated runs that people may join by themselves on that day; whether a seat is free is another question."""
        open_for = Q(enrol_until_on__gte=on) | Q(enrol_until_on__isnull=True, closes_on__gte=on)
        return self.filter(open_for, number__isnull=False, self_enrolment=True, closed_at__isnull=True)


class Run(models.Model):
    """A dated holding of a course (angkatan). A self-paced course has one open run per calendar year.

    People learn in it from `opens_on` until it is closed, which somebody does after `closes_on`: whoever did every
    lesson by then but did not pass has attended.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="runs", verbose_name=_("course"))
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveSmallIntegerField(
        _("cohort (angkatan)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(399)],
        help_text=_("Left empty, the next number of that year."),
    )
    opens_on = models.DateField(_("opens on"))
    closes_on = models.DateField(_("closes on"))
    enrol_until_on = models.DateField(_("joining until"), null=True, blank=True)
    self_enrolment = models.BooleanField(_("people may join by themselves"), default=True)
    seats = models.PositiveSmallIntegerField(_("seats"), null=True, blank=True, validators=[MinValueValidator(1)])
    trainers = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("trainers")
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = RunQuerySet.as_manager()
    base_form_class = RunForm
    panels = [
        FieldPanel("course"),
        FieldRowPanel([FieldPanel("number"), FieldPanel("seats")]),
        FieldRowPanel([FieldPanel("opens_on"), FieldPanel("closes_on")]),
        FieldRowPanel([FieldPanel("self_enrolment"), FieldPanel("enrol_until_on")]),
        FieldPanel("trainers", widget=CheckboxSelectMultiple),
    ]

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = [
            models.UniqueConstraint(
                fields=["course", "year"], condition=Q(number__isnull=True), name="run_one_self_paced_per_year"
            ),
            models.UniqueConstraint(
                fields=["course", "year", "number"],
                name="run_number_once_per_year",
                violation_error_message=_("This cohort number exists already in that year."),
            ),
            models.CheckConstraint(
                condition=Q(closes_on__gte=models.F("opens_on")),
                name="run_closes_after_it_opens",
                violation_error_message=_("A run closes on the day it opens or later."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} · {self.name}"

    @property
    def is_self_paced(self) -> bool:
        return self.number is None

    @property
    def name(self) -> str:
        """As certificates print it, always in Indonesian."""
        kind = f"Angkatan {roman(self.number)}" if self.number else "Kelas Mandiri"
        return f"{kind} Tahun {self.year}"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    def current(self) -> Self:
        """Not withdrawn: what learners and reports count as enrolled."""
        return self.filter(withdrawn_at__isnull=True)

    def running(self) -> Self:
        return self.current().filter(completed_at__isnull=True)


class Enrolment(models.Model):
    """A person in a run. Withdrawing keeps the row, rejoining clears it; a retake is a later run.

    What reports count stands here, so that they need no join: `course` is that of the run, `unit` and `agency` mirror
    where the person works now; `completed_at`, `completed_on`, `earned_unit`, `score` and `credit_hours` the Completion.
    `counted_hours` are those that count towards the year (see credit_hours.py), `certified_at` says since when a live
    certificate is published (see certification.py).
    """

    class Reached(models.IntegerChoices):
        """How far somebody got. The order is that of the states, so the furthest is the highest."""

        ENROLLED = 0, _("Not started")
        BEGUN = 1, _("Running")
        FINISHED = 2, _("Finished")
        CERTIFIED = 3, _("Certified")

    # No index of its own where that of a constraint or a report begins with the column, or nobody asks for it alone.
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrolments", db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="enrolments")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="enrolments", db_index=False)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="enrolments")
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    enrolled_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    completed_on = models.DateField(null=True, blank=True)
    earned_unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    credit_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    counted_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    certified_at = models.DateTimeField(null=True, blank=True)
    due_on = models.DateField(null=True, blank=True)  # set by an assignment: the earliest day of those in force
    reached = models.GeneratedField(
        expression=Case(
            When(certified_at__isnull=False, then=Value(Reached.CERTIFIED)),
            When(completed_on__isnull=False, then=Value(Reached.FINISHED)),
            When(started_at__isnull=False, then=Value(Reached.BEGUN)),
            default=Value(Reached.ENROLLED),
        ),
        output_field=models.SmallIntegerField(choices=Reached),
        db_persist=True,
    )

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        constraints = [models.UniqueConstraint(fields=["person", "run"], name="enrolment_once_per_run")]
        indexes = [
            # The reports of a unit read this alone, in the order in which they group.
            CoveringIndex(
                fields=["unit", "course", "person"],
                include=["reached", "enrolled_at", "completed_on", "counted_hours", "due_on"],
                condition=Q(withdrawn_at__isnull=True),
                name="enrolment_of_unit",
            ),
            CoveringIndex(
                fields=["earned_unit", "course", "person"],
                include=["reached", "completed_on", "counted_hours"],
                condition=Q(completed_on__isnull=False),
                name="enrolment_earned_in_unit",
            ),
        ]


class ActivityProgress(models.Model):
    """The fact that an activity was done; a quiz is done when an attempt reached its pass mark."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="progress")
    activity = models.UUIDField()
    done_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrolment", "activity"], name="activity_done_once")]


class EnrolmentProgress(models.Model):
    """How far an enrolment is, kept for lists: what activities done and attempts say (see keeping_progress.py).

    A side row, since an enrolment stands in the indexes of reports and would be written anew there at each activity.
    There is none before the first activity or attempt. `percent` is a whole number of 0 to 100.
    """

    enrolment = models.OneToOneField(
        Enrolment, on_delete=models.PROTECT, primary_key=True, related_name="kept_progress"
    )
    percent = models.PositiveSmallIntegerField()
    last_active_at = models.DateTimeField()


class CompletionQuerySet(models.QuerySet["Completion"]):
    def sufficing(self, on: date) -> Self:
        """Of the year of that day, and not to be renewed yet: with one of these nobody takes the course again."""
        return self.filter(completed_on__year=on.year).exclude(valid_until__lte=on + RENEWED_BEFORE)


class Completion(models.Model):
    """The fact that a course was finished; immutable. `unit` and `agency` are those that earned it.

    `completed_on` is the day in the time zone of the earning agency: every year, month and printed date comes from it.
    `valid_until` is the last day that the certificate holds, for who passed an edition that says so.
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
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    score = models.DecimalField(max_digits=5, decimal_places=2)
    credit_hours = models.PositiveSmallIntegerField()
    completed_at = models.DateTimeField()
    completed_on = models.DateField()
    credit_annulled_at = models.DateTimeField(null=True, blank=True)  # the one thing that is added later
    valid_until = models.DateField(null=True)

    objects = CompletionQuerySet.as_manager()

    class Meta:
        verbose_name = _("completion")
        verbose_name_plural = _("completions")
        # SQLite has no statistics: asked for a person and a course it would walk through everybody's completions of it.
        indexes = [
            models.Index(fields=["person", "course"], name="completion_person_course"),
            # The few that end, for the reminders.
            models.Index(fields=["valid_until"], condition=Q(valid_until__isnull=False), name="completion_valid_until"),
        ]


class LearnerYear(models.Model):
    """The credit hours of a person in a year: what `credit_hours.credit_hours` says, kept so that reports need no sum.

    A row stands for everybody who finished something in the year. `unit` and `agency` mirror where the person works now.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    unit = models.ForeignKey(WorkUnit, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    credit_hours = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "year"], name="learner_year_once")]
        indexes = [
            CoveringIndex(fields=["unit", "year"], include=["person", "credit_hours"], name="learner_year_of_unit")
        ]
