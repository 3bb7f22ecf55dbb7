"""Learning paths: courses in an order that leads somewhere, such as the 20 JP of a year."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.forms import Select
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel
from wagtail.models import Orderable

from academy.people.models import Organiser
from courses.models.course import Course
from courses.own_forms import OwnModelForm, PathStepForm


class StepsPanel(InlinePanel):
    """The form of a step knows who writes."""

    def get_form_options(self) -> dict[str, Any]:
        options: dict[str, Any] = super().get_form_options()
        options["formsets"][self.relation_name] |= {"form": PathStepForm, "inherit_kwargs": ["for_user"]}
        return options


class LearningPath(ClusterableModel):
    """It counts nothing by itself: how far somebody is in it follows from the courses finished."""

    key = models.SlugField(_("key"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=120)
    summary = models.TextField(_("summary"))
    organiser = models.ForeignKey(
        Organiser, on_delete=models.PROTECT, related_name="learning_paths", verbose_name=_("organiser")
    )
    is_public = models.BooleanField(_("shown to everybody"), default=False)

    base_form_class = OwnModelForm
    panels = [
        FieldPanel("title"),
        FieldRowPanel([FieldPanel("key"), FieldPanel("organiser")]),
        FieldPanel("summary"),
        StepsPanel("steps", label=_("Course"), min_num=1, max_num=40),
        FieldPanel("is_public"),
    ]

    class Meta:
        verbose_name = _("learning path")
        verbose_name_plural = _("learning paths")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class PathStep(Orderable):
    path = ParentalKey(LearningPath, on_delete=models.CASCADE, related_name="steps")
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="+", verbose_name=_("course"))

    panels = [FieldPanel("course", widget=Select)]  # the chooser of courses knows one's own only

    class Meta(Orderable.Meta):
        constraints = [models.UniqueConstraint(fields=["path", "course"], name="path_course_once")]
