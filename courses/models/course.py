"""The course itself, which outlives its pages, and the regulations it teaches."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.forms import CheckboxSelectMultiple
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.search import index

from academy.people.models import Organiser
from courses.course_form import CourseForm

MOST_VALIDITY_MONTHS = 120


class Level(models.TextChoices):
    BASIC = "dasar", _("Basic")
    INTERMEDIATE = "menengah", _("Intermediate")
    ADVANCED = "lanjut", _("Advanced")


class CourseQuerySet(models.QuerySet["Course"]):
    def offered(self) -> Self:
        """Not archived: new learners may come."""
        return self.filter(archived_at__isnull=True)


class Course(models.Model):
    """What runs, editions, enrolments and completions point to; its pages may be moved or deleted at will."""

    key = models.SlugField(_("key"), max_length=80, unique=True)
    code = models.CharField(_("code"), max_length=16, unique=True)
    title = models.CharField(_("title"), max_length=200)
    organiser = models.ForeignKey(
        Organiser, on_delete=models.PROTECT, related_name="courses", verbose_name=_("organiser")
    )
    level = models.CharField(_("level"), max_length=16, choices=Level, default=Level.BASIC)
    credit_hours = models.PositiveSmallIntegerField(_("credit hours (JP)"), validators=[MinValueValidator(1)])
    pass_mark = models.DecimalField(
        _("pass mark"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(70),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    validity_months = models.PositiveSmallIntegerField(
        _("certificates are valid for so many months"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_VALIDITY_MONTHS)],
        help_text=_("Counted from the day of completion. Left empty, they are valid without end."),
    )
    sequential = models.BooleanField(_("activities go in order"), default=True)
    self_paced = models.BooleanField(
        _("may be taken at any time"), default=True, help_text=_("Otherwise people join a run (angkatan).")
    )
    prerequisites = models.ManyToManyField(
        "self",
        symmetrical=False,
        blank=True,
        related_name="+",
        verbose_name=_("prerequisites"),
        help_text=_("Courses to be passed before this one. Whoever is invited by the organiser needs none."),
    )

    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)

    objects = CourseQuerySet.as_manager()
    base_form_class = CourseForm
    panels = [
        FieldPanel("title"),
        FieldRowPanel(
            [FieldPanel("code", help_text=_("Short; printed in the numbers of certificates.")), FieldPanel("key")]
        ),
        FieldPanel("organiser"),
        FieldRowPanel([FieldPanel("level"), FieldPanel("credit_hours"), FieldPanel("pass_mark")]),
        FieldRowPanel([FieldPanel("sequential"), FieldPanel("self_paced")]),
        FieldPanel("validity_months"),
        FieldPanel("prerequisites", widget=CheckboxSelectMultiple),
    ]

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(credit_hours__gte=1), name="course_credit_hours_at_least_one"),
            models.CheckConstraint(
                condition=models.Q(pass_mark__gte=0, pass_mark__lte=100), name="course_pass_mark_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(validity_months__isnull=True)
                | models.Q(validity_months__gte=1, validity_months__lte=MOST_VALIDITY_MONTHS),
                name="course_validity_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class LegalReference(index.Indexed, models.Model):  # type: ignore[django-manager-missing]  # modelcluster has none
    """A place in a regulation, in our own words, true as of a day and to be looked at again by another."""

    key = models.SlugField(_("key"), max_length=80, unique=True)
    regulation = models.CharField(_("regulation"), max_length=200)
    article = models.CharField(_("article"), max_length=80, blank=True)
    summary = models.TextField(_("what it says, in our own words"))
    as_of_on = models.DateField(_("as of"))
    review_by_on = models.DateField(_("review by"))
    superseded_by = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("superseded by")
    )
    url = models.URLField(_("address"), blank=True)

    panels = [
        FieldRowPanel([FieldPanel("regulation"), FieldPanel("article")]),
        FieldPanel("summary"),
        FieldRowPanel([FieldPanel("as_of_on"), FieldPanel("review_by_on")]),
        FieldPanel("url"),
        FieldPanel("superseded_by"),
        FieldPanel("key"),
    ]
    search_fields = [index.AutocompleteField(name) for name in ("regulation", "article", "summary")]

    class Meta:
        verbose_name = _("legal reference")
        verbose_name_plural = _("legal references")
        ordering = ["regulation", "article"]

    def __str__(self) -> str:
        return f"{self.regulation}, {self.article}" if self.article else self.regulation

    def clean(self) -> None:
        """A form or a loader stores no reference that is to be looked at again before it was true, or replaces itself."""
        days: list[date | None] = [self.as_of_on, self.review_by_on]  # None: a form that was not filled in
        if None not in days and self.review_by_on < self.as_of_on:
            raise ValidationError({"review_by_on": _("This day is before the one of “as of”.")})
        passed, newer = {self.pk}, self.superseded_by
        while newer is not None:
            if newer.pk in passed:
                raise ValidationError({"superseded_by": _("This leads in a circle: nothing would be in force.")})
            passed.add(newer.pk)
            newer = newer.superseded_by
