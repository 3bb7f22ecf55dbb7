"""The page of the CMS on which a trainer publishes an edition."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.models import Page

from academy.people.models import Person
from courses.content import CourseContent, differences, edition_content, needs_material_edition, published_content
from courses.models import ActivityKind, CoursePage, Edition, Enrolment
from courses.publishing import EditionInvalid, publish_edition


class EditionForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of change"),
        choices=[
            ("minor", gettext_lazy("Minor: corrections. Running learners get them too.")),
            ("material", gettext_lazy("Material: for new enrolments. Running learners keep the edition they began.")),
        ],
        widget=forms.RadioSelect,
    )


def course_page_of(page: Page) -> CoursePage | None:
    """The page of the course that this page belongs to, be it itself; None outside courses and for new pages."""
    if not page.path:
        return None
    found: CoursePage | None = CoursePage.objects.ancestor_of(page, inclusive=True).first()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def publish_edition_view(request: HttpRequest, page_id: int) -> HttpResponse:
    page = get_object_or_404(CoursePage.objects.select_related("course"), pk=page_id)
    person = request.user
    if not isinstance(person, Person) or not page.permissions_for_user(person).can_publish():
        raise PermissionDenied
    newest = page.course.editions.newest_first().first()
    content = published_content(page.course)
    must_be_material = bool(newest and content and needs_material_edition(edition_content(newest), content))
    form = EditionForm(request.POST or None, initial={"kind": "material" if must_be_material else "minor"})
    if request.method == "POST" and form.is_valid():
        try:
            edition = publish_edition(page.course, kind=form.cleaned_data["kind"], by=person, at=timezone.now())
        except EditionInvalid as refusal:
            for problem in refusal.problems:
                form.add_error(None, problem)
        else:
            _tell(request, edition, newest)
            return redirect("wagtailadmin_explore", page.pk)
    context = _context(page, newest, content, form)
    return TemplateResponse(request, "courses/cms/publish_edition.html", context, status=422 if form.errors else 200)


def _tell(request: HttpRequest, edition: Edition, newest: Edition | None) -> None:
    number = {"number": edition.number}
    if edition == newest:
        messages.info(request, _("Nothing changed since edition %(number)s; no new one was published.") % number)
    else:
        messages.success(request, _("Edition %(number)s is published.") % number)


def _context(
    page: CoursePage, newest: Edition | None, content: CourseContent | None, form: EditionForm
) -> dict[str, Any]:
    running = Enrolment.objects.running().filter(run__course=page.course).count()
    return {
        "page": page,
        "form": form,
        "newest": newest,
        "problems": content.problems() if content else [_("The course page is not published.")],
        "changes": differences(edition_content(newest), content) if newest and content else None,
        "counts": _counts(content) if content else [],
        "running": running,
        "page_title": _("Publish an edition"),
        "page_subtitle": page.title,
        "header_icon": "upload",
    }


def _counts(content: CourseContent) -> list[dict[str, str]]:
    """What the edition would hold, as label and value."""
    lessons = sum(activity.kind == ActivityKind.LESSON for activity in content.activities)
    quizzes = len(content.activities) - lessons
    questions = sum(len(activity.questions) for activity in content.activities)
    minutes = _("%(minutes)d of at least %(needed)d") % {
        "minutes": content.minutes,
        "needed": content.minutes_needed,
    }
    return [
        {"label": _("Modules"), "value": str(len(content.modules))},
        {"label": _("Lessons"), "value": str(lessons)},
        {"label": _("Quizzes"), "value": str(quizzes)},
        {"label": _("Questions that may be drawn"), "value": str(questions)},
        {"label": _("Credit hours (JP)"), "value": str(content.credit_hours)},
        {"label": _("Minutes"), "value": minutes},
    ]
