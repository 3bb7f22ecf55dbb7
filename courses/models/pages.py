"""The authoring tree: CatalogPage > CoursePage > ModulePage > LessonPage | QuizPage.

Learners never read these pages: they read the edition that `courses.publishing.publish_edition` copied from them.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from academy.pages.caching import keep_for_anonymous
from courses.blocks import LESSON_BLOCKS
from courses.models.course import Course, LegalReference
from courses.models.questions import QuestionBank
from courses.own_forms import OwnPageForm, QuizPageForm


class CatalogPage(Page):
    introduction = models.TextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("introduction")]
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["courses.CoursePage"]
    max_count = 1

    class Meta:
        verbose_name = _("catalogue page")

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from courses.catalogue import catalogue_context  # it reads these models

        return {**super().get_context(request, *args, **kwargs), **catalogue_context(self, request)}

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from courses.catalogue import may_be_kept

        response: HttpResponse = super().serve(request, *args, **kwargs)
        return keep_for_anonymous(response) if may_be_kept(request) else response


class CoursePage(Page):
    """What the catalogue says about a course."""

    course = models.OneToOneField(Course, on_delete=models.PROTECT, related_name="page", verbose_name=_("course"))
    short_title = models.CharField(_("short title"), max_length=80, blank=True)
    summary = models.TextField(_("summary"))
    audience = models.CharField(_("audience"), max_length=200)
    outcomes = models.TextField(_("outcomes"), help_text=_('One per line, each finishing the sentence "You can …".'))
    topics = models.CharField(_("topics"), max_length=200, blank=True, help_text=_("Separated by commas."))
    trainer = models.CharField(_("trainer"), max_length=200, blank=True)
    legal_references = ParentalManyToManyField(
        LegalReference, blank=True, related_name="course_pages", verbose_name=_("legal references")
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("course"),
        FieldRowPanel([FieldPanel("short_title"), FieldPanel("audience")]),
        FieldPanel("summary"),
        FieldPanel("outcomes"),
        FieldRowPanel([FieldPanel("topics"), FieldPanel("trainer")]),
        FieldPanel("legal_references"),
    ]
    base_form_class = OwnPageForm
    exclude_fields_in_copy = ["course"]
    parent_page_types = ["courses.CatalogPage"]
    subpage_types = ["courses.ModulePage"]

    class Meta:
        verbose_name = _("course page")
        verbose_name_plural = _("course pages")

    def topic_list(self) -> tuple[str, ...]:
        return tuple(topic.strip() for topic in self.topics.split(",") if topic.strip())

    def outcome_list(self) -> list[str]:
        """Verb phrases without a full stop: explain …, find …"""
        return [line.strip().rstrip(".;") for line in self.outcomes.splitlines() if line.strip()]

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        from courses.course_facts import course_context  # it reads these models

        return {**super().get_context(request, *args, **kwargs), **course_context(self, request)}

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().serve(request, *args, **kwargs)
        return response if request.GET else keep_for_anonymous(response)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from courses.previews import course_preview  # it reads these models

        return TemplateResponse(request, "courses/course_page.html", course_preview(self, request))


class AuthoringPage(Page):
    """A page that only authors see: whoever asks for its address is led to the course."""

    class Meta:
        abstract = True

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        course = CoursePage.objects.ancestor_of(self).live().first()
        if course is None:
            raise Http404
        return HttpResponseRedirect(course.get_url(request))


class ModulePage(AuthoringPage):
    summary = models.TextField(_("summary"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("summary")]
    parent_page_types = ["courses.CoursePage"]
    subpage_types = ["courses.LessonPage", "courses.QuizPage"]

    class Meta:
        verbose_name = _("module page")
        verbose_name_plural = _("module pages")

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from courses.previews import module_preview

        return TemplateResponse(request, "courses/module_preview.html", module_preview(self))


class ActivityPage(AuthoringPage):
    """What lessons and quizzes share: the key by which progress survives a new edition, and a summary."""

    activity = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    summary = models.TextField(_("summary"), blank=True)

    exclude_fields_in_copy = ["activity"]
    parent_page_types = ["courses.ModulePage"]
    subpage_types: list[str] = []

    class Meta:
        abstract = True


class LessonPage(ActivityPage):
    body = StreamField(LESSON_BLOCKS, verbose_name=_("text"))
    reading_minutes = models.PositiveSmallIntegerField(_("minutes of reading"), validators=[MinValueValidator(1)])
    practice_minutes = models.PositiveSmallIntegerField(_("minutes of practice"), default=0)

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldRowPanel([FieldPanel("reading_minutes"), FieldPanel("practice_minutes")]),
        FieldPanel("body"),
    ]
    base_form_class = OwnPageForm

    class Meta:
        verbose_name = _("lesson page")
        verbose_name_plural = _("lesson pages")

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from courses.previews import lesson_preview  # it reads these models

        return TemplateResponse(request, "courses/lesson_preview.html", lesson_preview(self))


class QuizPage(ActivityPage):
    """A quiz over a bank; how many questions are drawn and how often it may be tried. The pass mark is the course's."""

    bank = models.ForeignKey(QuestionBank, on_delete=models.PROTECT, related_name="+", verbose_name=_("question bank"))
    question_count = models.PositiveSmallIntegerField(_("questions drawn"), validators=[MinValueValidator(1)])
    max_attempts = models.PositiveSmallIntegerField(_("attempts"), default=3, validators=[MinValueValidator(1)])
    time_limit_minutes = models.PositiveSmallIntegerField(
        _("time limit in minutes"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    test_minutes = models.PositiveSmallIntegerField(_("minutes counted"), validators=[MinValueValidator(1)])
    is_post_test = models.BooleanField(_("post-test: its best score is the course's score"), default=True)

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldRowPanel([FieldPanel("bank"), FieldPanel("question_count")]),
        FieldRowPanel([FieldPanel("max_attempts"), FieldPanel("time_limit_minutes"), FieldPanel("test_minutes")]),
        FieldPanel("is_post_test"),
    ]
    base_form_class = QuizPageForm

    class Meta:
        verbose_name = _("quiz page")
        verbose_name_plural = _("quiz pages")

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from courses.previews import quiz_preview

        return TemplateResponse(request, "courses/quiz_preview.html", quiz_preview(self))
