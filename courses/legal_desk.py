"""What rests on a legal reference, and which references somebody should look at again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, Model, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.models import Page, ReferenceIndex

from academy.people.models import Person
from courses.checklist import reference_problem
from courses.models import Completion, CoursePage, EditionActivity, EditionAsset, Enrolment, LegalReference, Question
from courses.trainers import own_rows


@dataclass(frozen=True)
class Impact:
    """Published pages, questions that are not retired, activities of editions, and the people who learned by them."""

    pages: list[Page]
    questions: list[Question]
    activities: list[EditionActivity]
    completed: int
    running: int


def impact_of(reference: LegalReference) -> Impact:
    cited = Q(pk__in=CoursePage.objects.filter(legal_references=reference).values("pk")) | Q(
        pk__in=_lessons_that_show([reference]).get(reference.pk, [])
    )
    editions = EditionAsset.objects.filter(legal_reference=reference).values("activity__edition")
    return Impact(
        pages=list(Page.objects.live().filter(cited).order_by("path")),
        questions=list(reference.questions.filter(retired_at__isnull=True).select_related("bank").order_by("bank", "pk")),
        activities=list(
            EditionActivity.objects.filter(assets__legal_reference=reference)
            .defer("body")
            .select_related("edition__course")
            .order_by("edition__course__code", "edition", "position")
            .distinct()
        ),
        completed=Completion.objects.filter(edition__in=editions).aggregate(people=Count("person", distinct=True))["people"],
        running=Enrolment.objects.running().filter(edition__in=editions).aggregate(people=Count("person", distinct=True))["people"],
    )  # fmt: skip


def _lessons_that_show(references: list[LegalReference]) -> dict[int, list[int]]:
    """The pages whose text shows a reference, by the reference's key."""
    rows = ReferenceIndex.objects.filter(
        to_content_type=ReferenceIndex._get_base_content_type(LegalReference),
        to_object_id__in=[str(one.pk) for one in references],
        base_content_type=ReferenceIndex._get_base_content_type(Page),
    )
    found: dict[int, list[int]] = {}
    for to, page in rows.values_list("to_object_id", "object_id"):
        found.setdefault(int(to), []).append(int(page))
    return found


def references_to_review(*, on: date) -> list[LegalReference]:
    """Superseded or past the day of review, and still on a published page or in a question."""
    due = LegalReference.objects.filter(Q(superseded_by__isnull=False) | Q(review_by_on__lt=on)).annotate(
        in_questions=Exists(Question.objects.filter(legal_reference=OuterRef("pk"), retired_at__isnull=True)),
        on_courses=Exists(CoursePage.objects.live().filter(legal_references=OuterRef("pk"))),
    )
    rows: list[Any] = list(due.select_related("superseded_by").order_by("review_by_on", "pk"))
    shown = _lessons_that_show(rows)
    live = set(
        Page.objects.live().filter(pk__in=[pk for keys in shown.values() for pk in keys]).values_list("pk", flat=True)
    )
    return [row for row in rows if row.in_questions or row.on_courses or live & set(shown.get(row.pk, []))]


@require_safe
def impact_view(request: HttpRequest, reference_id: int) -> HttpResponse:
    """Pages and questions of other organisers are counted, not named; what their editions hold is public."""
    person = _reader(request)
    reference = get_object_or_404(LegalReference.objects.select_related("superseded_by"), pk=reference_id)
    impact = impact_of(reference)
    at = timezone.now()
    own_banks = set(own_rows(Question, person, at=at).filter(legal_reference=reference).values_list("pk", flat=True))
    context = {
        "reference": reference,
        "impact": impact,
        "pages": [page for page in impact.pages if page.permissions_for_user(person).can_edit()],
        "questions": [question for question in impact.questions if question.pk in own_banks],
        "problem": reference_problem(reference, on=timezone.localdate(at)),
        "page_title": _("Impact"),
        "page_subtitle": str(reference),
        "header_icon": "clipboard-list",
    }
    return TemplateResponse(request, "courses/cms/legal_impact.html", context)


@require_safe
def review_view(request: HttpRequest) -> HttpResponse:
    _reader(request)
    today = timezone.localdate()
    context = {
        "rows": [(one, reference_problem(one, on=today)) for one in references_to_review(on=today)],
        "page_title": _("Legal references to review"),
        "header_icon": "clipboard-list",
    }
    return TemplateResponse(request, "courses/cms/legal_review.html", context)


def tell_about_the_impact(request: HttpRequest, row: Model) -> None:
    """Whoever changes a reference learns at once where it is read."""
    if not isinstance(row, LegalReference):
        return
    impact = impact_of(row)
    text = _("It touches %(pages)d published pages, %(questions)d questions and %(people)d people who finished.") % {
        "pages": len(impact.pages),
        "questions": len(impact.questions),
        "people": impact.completed,
    }
    link = format_html('<a href="{}">{}</a>', reverse("legal_impact", args=[row.pk]), _("See which"))
    messages.warning(request, format_html("{} {}", text, link))


def _reader(request: HttpRequest) -> Person:
    person = request.user
    if not isinstance(person, Person) or not person.has_perm("courses.view_legalreference"):
        raise PermissionDenied
    return person
