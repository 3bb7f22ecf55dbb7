"""The page of the CMS on which a new edition is proposed, read by a second person and published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods
from wagtail.models import Page

from academy.people.models import Person
from courses import proposals
from courses.checklist import MOST_WEIGHT, check, published_of
from courses.comparing import compare
from courses.content import CourseContent, edition_content, needs_material_edition, published_content
from courses.desk_drafts import CannotPublish, publish_drafts, unpublished
from courses.models import ActivityKind, CoursePage, Edition, EditionKind, EditionProposal, Enrolment
from courses.publishing import EditionInvalid, learners_of, next_number


class ProposalForm(forms.Form):
    """The first edition has no kind yet: it is sent along."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of change"), choices=EditionKind.choices, widget=forms.RadioSelect
    )
    note = forms.CharField(
        label=gettext_lazy("What changes, and why"),
        help_text=gettext_lazy("Learners and HR units read this, and the second reader."),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReturnForm(forms.Form):
    comment = forms.CharField(
        label=gettext_lazy("What the author should do"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Say what should be changed: the author reads it.")},
    )


def course_page_of(page: Page) -> CoursePage | None:
    """The page of the course that this page belongs to, be it itself; None outside courses and for new pages."""
    if not page.path:
        return None
    found: CoursePage | None = CoursePage.objects.ancestor_of(page, inclusive=True).first()
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def publish_edition_view(request: HttpRequest, page_id: int) -> HttpResponse:
    """Writers propose and withdraw, a second reader approves or returns: the button pressed says which."""
    page = get_object_or_404(CoursePage.objects.select_related("course__organiser__unit"), pk=page_id)
    person = request.user
    if not isinstance(person, Person) or not page.permissions_for_user(person).can_edit():
        raise PermissionDenied
    desk = Desk(page, person, request)
    if request.method == "POST":
        action = desk.actions().get(request.POST.get("action", "propose"))
        if action is None:
            raise PermissionDenied
        if action():
            return redirect("publish_edition", page.pk)
    status = 422 if desk.proposal_form.errors or desk.return_form.errors else 200
    return TemplateResponse(request, "courses/cms/publish_edition.html", desk.context(), status=status)


class Desk:
    """One request: what stands, who asks, and what they may do."""

    def __init__(self, page: CoursePage, person: Person, request: HttpRequest) -> None:
        self.page, self.person, self.request = page, person, request
        self.newest = page.course.editions.newest_first().first()
        self.old = edition_content(self.newest) if self.newest else None
        self.content = published_content(page.course)
        self.waiting = (
            EditionProposal.objects.waiting().filter(course=page.course).select_related("proposed_by").first()
        )
        self.may_propose = page.permissions_for_user(person).can_publish()
        pressed = request.POST.get("action", "propose") if request.method == "POST" else ""
        self.proposal_form = ProposalForm(
            request.POST if pressed == "propose" else None,
            initial={"kind": EditionKind.MATERIAL if self._must_be_material() else EditionKind.MINOR},
        )
        self.return_form = ReturnForm(request.POST if pressed == "return" else None)

    def actions(self) -> dict[str, Callable[[], bool]]:
        """What this person may press; each says whether it was done, or tells why not."""
        writer: dict[str, Callable[[], bool]] = {}
        if self.may_propose:
            writer = {"propose": self._propose, "withdraw": self._withdraw, "publish_drafts": self._publish_drafts}
        return writer | {"approve": self._approve, "return": self._return}

    def _propose(self) -> bool:
        form = self.proposal_form
        if not form.is_valid():
            return False
        try:
            proposals.propose_edition(self.page.course, **form.cleaned_data, by=self.person, at=timezone.now())
        except EditionInvalid as refusal:
            for problem in refusal.problems:
                form.add_error(None, problem)
            return False
        messages.success(self.request, _("The edition is proposed. A second person reads it before learners get it."))
        return True

    def _publish_drafts(self) -> bool:
        try:
            published = publish_drafts(self.page, by=self.person)
        except CannotPublish as refusal:
            for problem in refusal.problems:
                messages.error(self.request, problem)
        else:
            words = ngettext("%(count)d page is published.", "%(count)d pages are published.", len(published))
            messages.success(self.request, words % {"count": len(published)})
        return True

    def _withdraw(self) -> bool:
        return self._decide(
            lambda waiting: proposals.take_back(waiting, by=self.person, at=timezone.now()),
            _("The proposal is withdrawn."),
        )

    def _approve(self) -> bool:
        return self._decide(
            lambda waiting: proposals.approve(waiting, by=self.person, at=timezone.now()),
            _("Approved: the edition is published."),
        )

    def _return(self) -> bool:
        form = self.return_form
        if not form.is_valid():
            return False
        return self._decide(
            lambda waiting: proposals.send_back(
                waiting, by=self.person, comment=form.cleaned_data["comment"], at=timezone.now()
            ),
            _("The proposal is returned to its author."),
        )

    def _decide(self, act: Callable[[EditionProposal], object], done: str) -> bool:
        """Act on the proposal that the page showed: another one may wait by now."""
        shown = self.request.POST.get("proposal", "")
        key = int(shown) if shown.isdecimal() and len(shown) < 19 else 0
        proposal = EditionProposal.objects.filter(course=self.page.course, pk=key).first()
        if proposal is None:
            messages.error(self.request, _("No edition is proposed any more."))
            return True
        try:
            act(proposal)
        except (
            proposals.AlreadyDecided,
            proposals.ChangedSinceProposed,
            proposals.SecondReaderNeeded,
            EditionInvalid,
        ) as refusal:
            messages.error(self.request, str(refusal))
        else:
            messages.success(self.request, done)
        return True

    def _must_be_material(self) -> bool:
        return bool(self.old and self.content and needs_material_edition(self.old, self.content))

    def context(self) -> dict[str, Any]:
        content = self.content
        return {
            "page": self.page,
            "form": self.proposal_form,
            "return_form": self.return_form,
            "newest": self.newest,
            "waiting": self.waiting,
            "is_own_proposal": self.waiting is not None and self.waiting.proposed_by_id == self.person.pk,
            "is_overtaken": self.waiting is not None
            and (content is None or content.content_hash != self.waiting.content_hash),
            "returned": self._last_returned(),
            "may_propose": self.may_propose,
            "must_be_material": self._must_be_material(),
            "drafts": unpublished(self.page) if self.may_propose else [],
            "problems": content.problems() if content else [_("The course page is not published.")],
            "checked": check(published_of(self.page), on=timezone.localdate()),
            "most_weight": MOST_WEIGHT,
            "comparisons": compare(self.old, content) if content else [],
            "counts": _counts(content) if content else [],
            "reach": self._reach(),
            "running": Enrolment.objects.running().filter(run__course=self.page.course).count(),
            "page_title": _("Edition"),
            "page_subtitle": self.page.title,
            "header_icon": "upload",
        }

    def _last_returned(self) -> EditionProposal | None:
        """What a second reader wanted, as long as nothing was proposed or published since."""
        last = (
            EditionProposal.objects.filter(course=self.page.course).order_by("-pk").select_related("decided_by").first()
        )
        return last if last is not None and last.state == EditionProposal.State.RETURNED else None

    def _reach(self) -> list[dict[str, Any]]:
        """How many running learners each kind of edition would touch, and how."""
        if self.newest is None:
            return []
        course = self.page.course
        taken = learners_of(course, major=self.newest.major).count()
        others = Enrolment.objects.running().filter(run__course=course).count() - taken
        return [
            {"label": EditionKind.MINOR.label, "number": _number(self.newest, EditionKind.MINOR), "moved": taken, "stay": others},
            {"label": EditionKind.MATERIAL.label, "number": _number(self.newest, EditionKind.MATERIAL), "moved": 0, "stay": taken + others},
        ]  # fmt: skip


def _number(newest: Edition, kind: EditionKind) -> str:
    return "{}.{}".format(*next_number(newest, kind))


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
