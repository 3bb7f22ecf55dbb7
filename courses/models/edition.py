"""What learners learn: an edition of a course, copied from its published pages and never changed."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.fields import StreamField

from courses.blocks import LESSON_BLOCKS
from courses.models.course import Course, LegalReference
from courses.models.questions import QuestionVersion


class EditionQuerySet(models.QuerySet["Edition"]):
    def newest_first(self) -> Self:
        return self.order_by("-major", "-minor")


class Edition(models.Model):
    """Edition 2.1: a minor one takes running learners along, a major (material) one is for new enrolments.

    `note` says in the author's words why there is a new one, `changes` lists what changed since the one before, in
    Indonesian; learners, HR and the public read both.
    """

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="editions")
    major = models.PositiveSmallIntegerField()
    minor = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    credit_hours = models.PositiveSmallIntegerField()
    pass_mark = models.DecimalField(max_digits=5, decimal_places=2)
    sequential = models.BooleanField()
    validity_months = models.PositiveSmallIntegerField(null=True)
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)
    changes: models.JSONField[Any, Any] = models.JSONField(default=list)

    objects = EditionQuerySet.as_manager()

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        constraints = [
            models.UniqueConstraint(fields=["course", "major", "minor"], name="edition_number_once_per_course"),
            models.CheckConstraint(condition=Q(credit_hours__gte=1), name="edition_credit_hours_at_least_one"),
            models.CheckConstraint(
                condition=Q(validity_months__isnull=True) | Q(validity_months__gte=1),
                name="edition_validity_at_least_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"

    @property
    def number(self) -> str:
        return f"{self.major}.{self.minor}"


class EditionModule(models.Model):
    """A module of an edition; the credit hours of all its modules sum to the edition's."""

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="modules")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=255)
    summary = models.TextField(blank=True)
    credit_hours = models.DecimalField(max_digits=5, decimal_places=2)

    class Meta:
        ordering = ["edition", "position"]
        constraints = [models.UniqueConstraint(fields=["edition", "position"], name="edition_module_position_once")]


class ActivityKind(models.TextChoices):
    LESSON = "lesson", _("Lesson")
    QUIZ = "quiz", _("Quiz")


class EditionActivity(models.Model):
    """A lesson or a quiz of an edition. `activity` is the stable key that progress is kept under.

    `number` is what learners see, such as 2.1. The quiz fields are null for a lesson; a quiz
    may only have no time limit.
    """

    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="activities")
    module = models.ForeignKey(EditionModule, on_delete=models.PROTECT, related_name="activities")
    activity = models.UUIDField()
    position = models.PositiveSmallIntegerField(help_text="Counts through the whole edition, from 1.")
    number = models.CharField(max_length=16)
    kind = models.CharField(max_length=16, choices=ActivityKind)
    title = models.CharField(max_length=255)
    summary = models.TextField(blank=True)
    body = StreamField(LESSON_BLOCKS, blank=True)
    minutes = models.PositiveSmallIntegerField()
    question_count = models.PositiveSmallIntegerField(null=True)
    pass_mark = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    max_attempts = models.PositiveSmallIntegerField(null=True)
    time_limit_minutes = models.PositiveSmallIntegerField(null=True)
    is_post_test = models.BooleanField(default=False)
    questions = models.ManyToManyField(QuestionVersion, through="EditionQuestion", related_name="+")

    class Meta:
        ordering = ["edition", "position"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "activity"], name="edition_activity_once"),
            models.UniqueConstraint(fields=["edition", "position"], name="edition_activity_position_once"),
            models.CheckConstraint(
                condition=~Q(kind=ActivityKind.QUIZ)
                | Q(question_count__isnull=False, pass_mark__isnull=False, max_attempts__isnull=False),
                name="edition_quiz_has_its_rules",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class EditionQuestion(models.Model):
    """A question version that a quiz of an edition may draw."""

    activity = models.ForeignKey(EditionActivity, on_delete=models.PROTECT, related_name="edition_questions")
    version = models.ForeignKey(QuestionVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["activity", "version"], name="edition_question_once")]


class EditionAsset(models.Model):
    """An image, a file or a legal reference that the text of an activity shows: it cannot be deleted any more."""

    activity = models.ForeignKey(EditionActivity, on_delete=models.PROTECT, related_name="assets")
    image = models.ForeignKey("wagtailimages.Image", on_delete=models.PROTECT, null=True, related_name="+")
    document = models.ForeignKey("wagtaildocs.Document", on_delete=models.PROTECT, null=True, related_name="+")
    legal_reference = models.ForeignKey(LegalReference, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("activity of an edition")
        verbose_name_plural = _("activities of editions")
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(image__isnull=False, document__isnull=True, legal_reference__isnull=True)
                    | Q(image__isnull=True, document__isnull=False, legal_reference__isnull=True)
                    | Q(image__isnull=True, document__isnull=True, legal_reference__isnull=False)
                ),
                name="edition_asset_is_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity.edition} · {self.activity}"
