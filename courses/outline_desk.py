"""A course as one outline in the CMS: its modules and activities to add, rename and put in order, by plain buttons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from wagtail.actions.move_page import MovePageAction
from wagtail.models import Page

from academy.people.models import Person
from courses.checklist import MOST_WEIGHT, Pages, check, drafts_of
from courses.content import MINUTES_PER_CREDIT_HOUR, published_content
from courses.models import Course, CoursePage, LessonPage, ModulePage, QuestionBank, QuizPage

LONGEST_TITLE = 255
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # PostgreSQL stores no NUL


class CannotArrange(Exception):
    """The outline stays as it is; the message says why."""


@require_http_methods(["GET", "HEAD", "POST"])
def outline_view(request: HttpRequest, page_id: int) -> HttpResponse:
    page = get_object_or_404(CoursePage.objects.select_related("course"), pk=page_id)
    person = request.user
    if not isinstance(person, Person) or not page.permissions_for_user(person).can_edit():
        raise PermissionDenied
    status, typed = 200, {}
    if request.method == "POST":
        try:
            messages.success(request, _act(page, request.POST, by=person))
        except CannotArrange as refusal:
            messages.error(request, str(refusal))
            status, typed = 422, {"typed_for": request.POST.get("page", ""), "typed": request.POST.get("title")}
        else:
            return redirect("course_outline", page.pk)
    drafts = drafts_of(page)
    rights = page.permissions_for_user(person)
    content = published_content(page.course)
    context = {
        "page": page,
        "modules": _modules(drafts),
        "minutes": sum(_minutes(activity) for activity in drafts.activities),
        "minutes_needed": page.course.credit_hours * MINUTES_PER_CREDIT_HOUR,
        "checked": check(drafts, on=timezone.localdate()),
        "most_weight": MOST_WEIGHT,
        "problems": content.problems() if content else [_("The course page is not published.")],
        "may_arrange": rights.can_publish(),
        "may_add": rights.can_add_subpage(),
        "may_ask": person.has_perm("courses.add_question"),
        "page_title": _("Outline"),
        "page_subtitle": page.title,
        "header_icon": "list-ul",
        **typed,
    }
    return TemplateResponse(request, "courses/cms/outline.html", context, status=status)


def _act(course_page: CoursePage, data: Any, *, by: Person) -> str:
    """Do what the button said and tell it. CannotArrange if it cannot be done; nothing changes then."""
    actions: dict[str, Callable[[Page, Any, Person], str]] = {
        "rename": lambda page, sent, person: rename(page, sent.get("title", ""), by=person),
        "up": lambda page, _sent, person: step(page, "left", by=person),
        "down": lambda page, _sent, person: step(page, "right", by=person),
        "to_module": lambda page, sent, person: move_to_module(page, sent.get("module", ""), by=person),
    }
    with transaction.atomic():
        # Two who arrange at the same moment: the second one sees what the first one did.
        Course.objects.select_for_update().get(pk=course_page.course_id)
        if data.get("action") == "add_module":
            return add_module(course_page, data.get("title", ""), by=by)
        action = actions.get(data.get("action", ""))
        if action is None:
            raise CannotArrange(_("This button is unknown. Open the page again."))
        page = _below(course_page, data.get("page", ""))
        if page.path != data.get("path", page.path):
            raise CannotArrange(_("The outline changed meanwhile. Look at it again before you move something."))
        return action(page, data, by)


def _below(course_page: CoursePage, key: str) -> Page:
    """A module or an activity of this course."""
    pages = Page.objects.descendant_of(CoursePage.objects.get(pk=course_page.pk)).specific()
    page: Page | None = pages.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    if page is None:
        raise CannotArrange(_("This page is no longer in the course."))
    return page


def add_module(course_page: CoursePage, title: str, *, by: Person) -> str:
    """A new module at the end, as a draft; a title that stands there already is refused, and so is a repeat."""
    if not course_page.permissions_for_user(by).can_add_subpage():
        raise PermissionDenied
    title = _checked_title(title)
    if course_page.get_children().filter(draft_title=title).exists():
        raise CannotArrange(_("There is a module “%(title)s” already.") % {"title": title})
    module = course_page.add_child(instance=ModulePage(title=title, live=False, owner=by))
    module.save_revision(user=by, log_action=True)
    return _("The module “%(title)s” is there as a draft.") % {"title": title}


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise CannotArrange(_("Write a title of 1 to %(most)d characters.") % {"most": LONGEST_TITLE})
    if CONTROL.search(title):
        raise CannotArrange(_("The title holds a character that cannot be seen. Type it instead of pasting it."))
    return title


def rename(page: Page, title: str, *, by: Person) -> str:
    """Save the title in a draft; who publishes the page publishes it. A repeat saves nothing."""
    rights = page.permissions_for_user(by)
    if not rights.can_edit():
        raise PermissionDenied
    if rights.page_locked():
        raise CannotArrange(_("“%(title)s” is locked: somebody else works on it.") % {"title": page.title})
    title = _checked_title(title)
    draft = page.get_latest_revision_as_object()
    if draft.title != title:
        draft.title = title
        draft.save_revision(user=by, log_action=True)
    return _("The new title “%(title)s” is saved as a draft. Publish the page to use it.") % {"title": title}


def step(page: Page, side: str, *, by: Person) -> str:
    """Change places with the page before ("left") or after ("right") it."""
    neighbours = page.get_siblings(inclusive=False)
    before = side == "left"
    near = neighbours.filter(path__lt=page.path) if before else neighbours.filter(path__gt=page.path)
    neighbour = near.order_by("-path" if before else "path").first()
    if not page.get_parent().permissions_for_user(by).can_reorder_children():
        raise PermissionDenied
    if neighbour is None:
        raise CannotArrange(_("“%(title)s” stands at the end already.") % {"title": page.title})
    MovePageAction(page, neighbour, pos=side, user=by).execute(skip_permission_checks=True)
    return _("“%(title)s” was moved.") % {"title": page.title}


def move_to_module(page: Page, module_key: str, *, by: Person) -> str:
    """Put an activity at the end of another module of the same course; a slug that is taken there gets a number."""
    siblings = page.get_parent().get_siblings(inclusive=False)
    module = siblings.filter(pk=module_key).first() if module_key.isdecimal() and len(module_key) < 19 else None
    if module is None or not isinstance(page, LessonPage | QuizPage):
        raise CannotArrange(_("Choose another module of this course."))
    if not page.permissions_for_user(by).can_move_to(module):
        raise PermissionDenied
    _give_free_slug(page, module, by=by)
    MovePageAction(page, module, pos="last-child", user=by).execute()
    return _("“%(title)s” is now in the module “%(module)s”.") % {"title": page.title, "module": module.title}


def _give_free_slug(page: Page, parent: Page, *, by: Person) -> None:
    """In the draft too, which would bring the old slug back."""
    taken = set(parent.get_children().values_list("slug", flat=True))
    if page.slug not in taken:
        return
    free = next(slug for number in range(2, len(taken) + 3) if (slug := f"{page.slug}-{number}") not in taken)
    draft = page.get_latest_revision_as_object()
    page.slug = draft.slug = free
    page.save(update_fields=["slug"], clean=False)
    draft.save_revision(user=by, changed=False)


def _modules(drafts: Pages) -> list[dict[str, Any]]:
    """Each module with its activities, a quiz with its bank and how many questions that has."""
    live = Count("questions", filter=Q(questions__retired_at__isnull=True))
    banks = QuestionBank.objects.annotate(live=live).in_bulk([quiz.bank_id for quiz in drafts.quizzes if quiz.bank_id])
    return [_module(module, drafts.activities_of(module), banks) for module in drafts.modules]


def _module(module: Page, activities: list[Page], banks: Mapping[int, QuestionBank]) -> dict[str, Any]:
    return _row(module) | {
        "activities": [
            _row(one) | _activity(one) | {"bank": banks.get(getattr(one, "bank_id", None) or 0)} for one in activities
        ],
        "add_lesson_url": _add_url(LessonPage, module),
        "add_quiz_url": _add_url(QuizPage, module),
    }


def _row(page: Page) -> dict[str, Any]:
    if not page.live:
        state, label = "draft", _("Draft")
    elif page.has_unpublished_changes:
        state, label = "changed", _("Changed since it was published")
    else:
        state, label = "live", _("Published")
    return {"pk": page.pk, "path": page.path, "title": page.title, "state": state, "state_label": label}


def _activity(page: Page) -> dict[str, Any]:
    return {"kind": _("Quiz") if isinstance(page, QuizPage) else _("Lesson"), "minutes": _minutes(page)}


def _minutes(page: Page) -> int:
    if isinstance(page, QuizPage):
        return page.test_minutes or 0
    return (page.reading_minutes or 0) + (page.practice_minutes or 0)


def _add_url(model: type[Page], parent: Page) -> str:
    return reverse("wagtailadmin_pages:add", args=[model._meta.app_label, model._meta.model_name, parent.pk])
