"""Question banks, outside the page tree; editions and attempts point to immutable versions of questions."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
from wagtail.models import Orderable, PreviewableMixin

from academy.people.models import Organiser
from courses.models.course import LegalReference
from courses.own_forms import OwnModelForm
from courses.question_form import QuestionForm


class QuestionKind(models.TextChoices):
    SINGLE = "single", _("One right answer")
    MULTIPLE = "multiple", _("Several right answers")


class QuestionBank(models.Model):  # type: ignore[django-manager-missing]  # modelcluster has no type hints
    key = models.SlugField(_("key"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    organiser = models.ForeignKey(
        Organiser, on_delete=models.PROTECT, related_name="question_banks", verbose_name=_("organiser")
    )

    base_form_class = OwnModelForm

    class Meta:
        verbose_name = _("question bank")
        verbose_name_plural = _("question banks")

    def __str__(self) -> str:
        return self.title


class Question(PreviewableMixin, ClusterableModel):
    """A question as its author keeps it. Editing it changes no edition and no attempt."""

    bank = models.ForeignKey(QuestionBank, on_delete=models.PROTECT, related_name="questions", verbose_name=_("bank"))
    key = models.SlugField(_("key"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=QuestionKind, default=QuestionKind.SINGLE)
    topic = models.CharField(_("topic"), max_length=120)
    text = models.TextField(_("question"))
    explanation = models.TextField(_("explanation"))
    lesson = models.UUIDField(_("what to read again"), null=True, blank=True, editable=False)
    legal_reference = models.ForeignKey(
        LegalReference,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("legal reference"),
    )
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True)

    base_form_class = QuestionForm

    panels = [
        FieldRowPanel([FieldPanel("bank"), FieldPanel("key")]),
        FieldRowPanel([FieldPanel("kind"), FieldPanel("topic")]),
        FieldPanel("text"),
        InlinePanel("options", label=_("Option"), min_num=2, max_num=8),
        FieldPanel("explanation"),
        FieldPanel("legal_reference"),
        FieldPanel("retired_at"),
    ]

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["bank", "key"]
        constraints = [models.UniqueConstraint(fields=["bank", "key"], name="question_key_once_per_bank")]

    def __str__(self) -> str:
        return self.text

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        return "courses/question_preview.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        from courses.previews import question_preview  # previews know the models

        return question_preview(self)


class QuestionOption(Orderable):
    question = ParentalKey(Question, on_delete=models.CASCADE, related_name="options")
    text = models.CharField(_("text"), max_length=400)
    is_correct = models.BooleanField(_("right"), default=False)

    panels = [FieldRowPanel([FieldPanel("text"), FieldPanel("is_correct")])]


class QuestionVersion(models.Model):
    """A question as it was when an edition was published; immutable.

    `options` is a list of {"id": random text, "text": str, "is_correct": bool}: ids say nothing about the answer.
    """

    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    content_hash = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=QuestionKind)
    topic = models.CharField(max_length=120)
    text = models.TextField()
    options = models.JSONField()
    explanation = models.TextField()
    lesson = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="question_version_number_once"),
            models.UniqueConstraint(fields=["question", "content_hash"], name="question_version_content_once"),
        ]

    @property
    def correct_ids(self) -> frozenset[str]:
        return frozenset(option["id"] for option in self.options if option["is_correct"])
