"""What rests on a legal reference, and which references somebody should look at again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.models import Page, ReferenceIndex
from wagtail.snippets.views.snippets import EditView

from academy.pages.templatetags.formats import day
from academy.people.models import Person
from courses.checklist import reference_problem
from courses.models import (
    Completion,
    CoursePage,
    Edition,
    EditionActivity,
    EditionAsset,
    EditionQuestion,
    Enrolment,
    LegalReference,
    Question,
)
from courses.trainers import own_rows


@dataclass(frozen=True)
class Impact:
    """Published pages, questions that are not retired, activities of editions, and the people who learned by them."""

    pages: list[Page]
    questions: list[Question]
    activities: list[EditionActivity]
    completed: int
    running: int

    def __bool__(self) -> bool:
        return bool(self.pages or self.questions or self.activities)


def impact_of(reference: LegalReference) -> Impact:
    cited = Q(pk__in=CoursePage.objects.filter(legal_references=reference).values("pk")) | Q(
        pk__in=_lessons_that_show([reference]).get(reference.pk, [])
    )
    editions = Edition.objects.filter(
        Q(pk__in=EditionAsset.objects.filter(legal_reference=reference).values("activity__edition"))
        | Q(
            pk__in=EditionQuestion.objects.filter(version__question__legal_reference=reference).values(
                "activity__edition"
            )
        )
        | Q(course__in=CoursePage.objects.filter(legal_references=reference).values("course"))
    )
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
    person = _reader(request)
    reference = get_object_or_404(LegalReference.objects.select_related("superseded_by"), pk=reference_id)
    at = timezone.now()
    context = {
        "reference": reference,
        "problem": reference_problem(reference, on=timezone.localdate(at)),
        "page_title": _("Impact"),
        "header_icon": "clipboard-list",
    } | _shown(reference, impact_of(reference), person, at=at)
    return TemplateResponse(request, "courses/cms/legal_impact.html", context)


def _shown(reference: LegalReference, impact: Impact, person: Person, *, at: datetime) -> dict[str, Any]:
    """Pages and questions of other organisers are counted, not named; what their editions hold is public."""
    own_banks = set(own_rows(Question, person, at=at).filter(legal_reference=reference).values_list("pk", flat=True))
    return {
        "impact": impact,
        "pages": [page for page in impact.pages if page.permissions_for_user(person).can_edit()],
        "questions": [question for question in impact.questions if question.pk in own_banks],
    }


class ReferenceEditView(EditView):
    """A change of a reference in use is first answered with what it touches, and stored if that is still so.

    A repeat stores nothing and is logged once. What was typed goes along in the form, so that nothing needs a script.
    """

    def form_valid(self, form: forms.ModelForm[LegalReference]) -> HttpResponse:
        if "again" in self.request.POST:
            self.form = form
            written: HttpResponse = self.render_to_response(self.get_context_data())
            return written
        with transaction.atomic():
            stored = LegalReference.objects.select_for_update().get(pk=self.object.pk)
            changes = _changes(form, stored)
            if not changes:
                return redirect(self.get_success_url())
            impact = impact_of(stored)
            seen = _mark(changes, impact)
            if impact and self.request.POST.get("seen") != seen:
                return self._ask(form, stored, impact, changes=changes, seen=seen)
            response: HttpResponse = super().form_valid(form)
        return response

    def _ask(
        self,
        form: forms.ModelForm[LegalReference],
        stored: LegalReference,
        impact: Impact,
        *,
        changes: list[tuple[str, str, str]],
        seen: str,
    ) -> HttpResponse:
        context = {
            "form": form,
            "reference": stored,
            "changes": changes,
            "seen": seen,
            "is_outdated": "seen" in self.request.POST,
            "action_url": self.get_edit_url(),
            "page_title": _("Change the legal reference"),
            "header_icon": "clipboard-list",
        } | _shown(stored, impact, _reader(self.request), at=timezone.now())
        status = 409 if context["is_outdated"] else 200
        return TemplateResponse(self.request, "courses/cms/legal_change.html", context, status=status)


def _changes(form: forms.ModelForm[LegalReference], stored: LegalReference) -> list[tuple[str, str, str]]:
    """Name, old and new words of each field that the form would change."""
    rows = [
        (str(field.label), _words(getattr(stored, name)), _words(getattr(form.instance, name)))
        for name, field in form.fields.items()
    ]
    return [row for row in rows if row[1] != row[2]]


def _words(value: Any) -> str:
    """One text for each value: two references may have the same regulation and article, but never the same key."""
    if isinstance(value, LegalReference):
        return f"{value} ({value.key})"
    return day(value) if isinstance(value, date) else str(value or "").replace("\r\n", "\n")


def _mark(changes: list[tuple[str, str, str]], impact: Impact) -> str:
    """What the form carries along to say which changes, and what they touch, were seen.

    Not how many people: somebody joins every minute, and the one who reads would never come to an end.
    """
    touched = [[row.pk for row in rows] for rows in (impact.pages, impact.questions, impact.activities)]
    return hashlib.sha256(json.dumps([changes, touched]).encode()).hexdigest()


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


def _reader(request: HttpRequest) -> Person:
    person = request.user
    if not isinstance(person, Person) or not person.has_perm("courses.view_legalreference"):
        raise PermissionDenied
    return person
