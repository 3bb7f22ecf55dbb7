"""Files of reports that take long, recounts that prove stored numbers, and figures of agencies counted beforehand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from academy.people.models import Agency, Person
from courses.models import Course

KEEP_FOR = timedelta(days=7)
OWED = Q(ready_at=None, failed_at=None, cancelled_at=None)
KEPT = Q(ready_at__isnull=False, deleted_at=None)


class ExportQuerySet(models.QuerySet["Export"]):
    def owed(self) -> Self:
        """What a worker still has to make, found by the sweep as well as by the doorbell."""
        return self.filter(OWED)

    def live(self, *, at: datetime) -> Self:
        """Owed, or with a file to fetch."""
        return self.filter(OWED | (KEPT & Q(ready_at__gt=at - KEEP_FOR)))


class Export(models.Model):
    """One file: owed → ready → deleted, or cancelled, or failed. The same question is owed to a person once.

    `key` is the same for the same question. What the file states about itself (scope, as_of, rows, totals, hash of the
    lines) is what it was when the lines were read; the fingerprint of the scope tells whether it is still the same.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("export", "Waiting its turn")
        RUNNING = "running", pgettext_lazy("export", "Being made")
        READY = "ready", _("Ready to download")
        FAILED = "failed", _("Could not be made")
        CANCELLED = "cancelled", _("Cancelled")
        DELETED = "deleted", pgettext_lazy("export", "Deleted")

    class Problem(models.TextChoices):
        ROLE = "role", _("Your role of HR officer had ended.")
        QUESTION = "question", _("The unit, course or year you asked for is no longer in your scope.")
        LINES = "lines", _("It became longer than a PDF can be. Choose Excel or CSV, or one unit or one course.")
        TIME = "time", _("It took longer than two hours. Choose one unit or one course.")
        CHANGING = (
            "changing",
            _("While it was made, its figures kept changing. Ask again when fewer people are learning."),
        )
        DISK = "disk", _("The disk or the storage of files did not take the file.")
        DATABASE = "database", _("The database did not answer.")
        WORKER = "worker", _("The worker that made it ended before the file was whole.")
        OTHER = "other", _("An error of the program; the operator finds it in the log.")

    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("asked for at"))
    report = models.CharField(max_length=40, help_text="Its name in the registry.")
    format = models.CharField(max_length=8)
    language = models.CharField(max_length=8)
    query: models.JSONField[Any, Any] = models.JSONField(help_text="The filters as they stand in an address.")
    filters: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="The same in words: names, values.")
    key = models.CharField(max_length=64)
    scope = models.CharField(max_length=300, help_text="What the officer is entitled to, in words.")
    total = models.PositiveIntegerField(null=True, help_text="Lines as counted when asked for, if they were.")
    # moments
    ready_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="The file that was ready went.")
    # the file
    as_of = models.DateTimeField(null=True)
    scope_sha256 = models.CharField(max_length=64, blank=True)
    about: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="Keys of the topmost units in it.")
    left: models.JSONField[Any, Any] = models.JSONField(default=list, help_text="Keys of who had just left the scope.")
    rows = models.PositiveIntegerField(default=0)
    totals: models.JSONField[Any, Any] = models.JSONField(default=dict, help_text="Sums by heading.")
    lines_sha256 = models.CharField(max_length=64, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    file_key = models.CharField(max_length=80, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    # work
    written = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True, help_text="Of the worker that is at it.")
    lease_until = models.DateTimeField(
        null=True, help_text="Until then nobody else begins: it is claimed, or it rests."
    )
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=12, choices=Problem, blank=True)
    last_error = models.TextField(blank=True)

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report file")
        verbose_name_plural = _("report files")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["by", "key"], condition=OWED, name="export_owed_once"),
            models.CheckConstraint(
                condition=Q(ready_at=None, failed_at=None)
                | Q(ready_at=None, cancelled_at=None)
                | Q(failed_at=None, cancelled_at=None),
                name="export_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(ready_at__isnull=False) | Q(file_key="", deleted_at=None), name="export_file_when_ready"
            ),
        ]
        indexes = [
            models.Index(fields=["at"], condition=OWED, name="export_owed"),
            models.Index(fields=["ready_at"], condition=~Q(file_key=""), name="export_with_file"),
            models.Index(fields=["ready_at"], condition=Q(ready_at__isnull=False), name="export_ready"),
        ]

    def state(self, *, at: datetime) -> State:
        if self.failed_at:
            return self.State.FAILED
        if self.cancelled_at:
            return self.State.CANCELLED
        if self.ready_at:
            return self.State.DELETED if self.deleted_at or self.ready_at <= at - KEEP_FOR else self.State.READY
        running = self.claim is not None and self.lease_until is not None and self.lease_until > at
        return self.State.RUNNING if running else self.State.WAITING


class Reconciliation(models.Model):
    """One recount of all that is stored: asked for → at work → finished, by the clock (`by` is null) or an operator.

    `named` are the rows that differ, the first of each kind; `found` says how many there are of each kind, `mended` how
    many were put right afterwards. `problem` is why nothing was found out.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("recount", "Waiting")
        RUNNING = "running", pgettext_lazy("recount", "Running")
        FAILED = "failed", pgettext_lazy("recount", "Failed")
        AGREES = "agrees", pgettext_lazy("recount", "All agree")
        DIFFERS = "differs", pgettext_lazy("recount", "Different")
        MENDED = "mended", pgettext_lazy("recount", "Mended")

    by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    asked_at = models.DateTimeField()
    mends = models.BooleanField(default=False, help_text="What only repeats facts is written anew.")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    checked: models.JSONField[Any, Any] = models.JSONField(default=dict, help_text="Rows looked at, by their kind.")
    found: models.JSONField[Any, Any] = models.JSONField(default=dict, help_text="Differences by kind.")
    named: models.JSONField[Any, Any] = models.JSONField(default=list)
    differences = models.PositiveIntegerField(default=0)
    mended = models.PositiveIntegerField(default=0)
    # work
    lease_until = models.DateTimeField(null=True, help_text="Somebody works on it until then.")
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("recount")
        verbose_name_plural = _("recounts")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                ExpressionWrapper(Q(finished_at__isnull=True), output_field=models.BooleanField()),
                condition=Q(finished_at__isnull=True),
                name="reconciliation_one_at_a_time",
            )
        ]

    @property
    def left(self) -> int:
        """Differences that are still there."""
        return self.differences - self.mended

    def state(self, *, at: datetime) -> State:
        if self.finished_at is None:
            return self.State.RUNNING if self.lease_until and self.lease_until > at else self.State.WAITING
        if self.problem:
            return self.State.FAILED
        if not self.differences:
            return self.State.AGREES
        return self.State.DIFFERS if self.left else self.State.MENDED


class FiguresOfYear(models.Model):
    """Of people on the roster, each in the furthest state; of completions by agency today and, `earned_`, when earned."""

    enrolled = models.PositiveIntegerField(default=0)
    begun = models.PositiveIntegerField(default=0)
    finished = models.PositiveIntegerField(default=0)
    certified = models.PositiveIntegerField(default=0)
    overdue = models.PositiveIntegerField(default=0)
    completions = models.PositiveIntegerField(default=0)
    completions_certified = models.PositiveIntegerField(default=0)
    credit_hours = models.PositiveIntegerField(default=0)
    earned_completions = models.PositiveIntegerField(default=0)
    earned_certified = models.PositiveIntegerField(default=0)
    earned_hours = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class AgencyYear(FiguresOfYear):
    """The people of an agency in a year, of all courses, each counted once; and when all of its figures were counted.

    These three tables are a cache of what `facts` and `months` say: see rollup/refreshing.py.
    """

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()
    target = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(null=True, help_text="Null: not yet.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["year", "agency"], name="agency_year_once")]


class AgencyCourseYear(FiguresOfYear):
    """The pairs of person and course of an agency in a year."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+", db_index=False)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["year", "agency", "course"], name="agency_course_year_once"),
        ]


class AgencyCourseMonth(models.Model):
    """What happened with a course in an agency in a month, named by its first day."""

    agency = models.ForeignKey(Agency, on_delete=models.CASCADE, related_name="+", db_index=False)
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="+", db_index=False)
    month = models.DateField()
    enrolled = models.PositiveIntegerField(default=0)
    completions = models.PositiveIntegerField(default=0)
    certified = models.PositiveIntegerField(default=0)
    credit_hours = models.PositiveIntegerField(default=0)
    earned_completions = models.PositiveIntegerField(default=0)
    earned_certified = models.PositiveIntegerField(default=0)
    earned_hours = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agency", "month", "course"], name="agency_course_month_once"),
        ]
