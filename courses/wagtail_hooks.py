"""The desk of the trainer in the CMS: courses, questions and regulations, and the way to a new edition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry
from wagtail.models import Page
from wagtail.snippets.models import register_snippet

from academy.people.models import Person
from courses.content import differences, edition_content, published_content
from courses.copying import free_bank_key
from courses.course_desk import archive_course_view, copy_course_view
from courses.desk_drafts import keep_what_is_live
from courses.desk_home import put_own_courses_first
from courses.desk_viewsets import AnotherQuestion, CourseDesk
from courses.edition_view import course_page_of, publish_edition_view
from courses.foreign_references import without_foreign_drafts
from courses.legal_desk import impact_view, review_view
from courses.models import (
    Course,
    CoursePage,
    Enrolment,
    LearningPath,
    LegalReference,
    Question,
    QuestionBank,
    Run,
)
from courses.models.pages import AuthoringPage
from courses.outline_desk import outline_view
from courses.package_view import export_course_view, import_course_view
from courses.run_desk import close_run_view, participants_view, remove_participant_view
from courses.trainers import ensure_course_page

SNIPPETS = (Course, LearningPath, LegalReference, Question, QuestionBank, Run)
_RETIRE = gettext_lazy("“%(name)s” is in an edition and is not deleted. Retire it: later editions leave it out.")
_IN_USE = gettext_lazy("“%(name)s” is in use and is not deleted.")


register_snippet(CourseDesk)


def register_icons(icons: list[str]) -> list[str]:
    return [*icons, "courses/icons/education.svg"]


def register_admin_urls() -> list[URLPattern]:
    run = "pelatihan/angkatan/<int:run_id>/"
    return [
        path("pelatihan/<int:page_id>/edisi/", publish_edition_view, name="publish_edition"),
        path(f"{run}peserta/", participants_view, name="run_participants"),
        path(f"{run}peserta/<int:enrolment_id>/keluar/", remove_participant_view, name="run_remove_participant"),
        path("pelatihan/<int:page_id>/susunan/", outline_view, name="course_outline"),
        path("pelatihan/kursus/<int:course_id>/salin/", copy_course_view, name="copy_course"),
        path("pelatihan/kursus/<int:course_id>/arsip/", archive_course_view, name="archive_course"),
        path("dasar-hukum/<int:reference_id>/dampak/", impact_view, name="legal_impact"),
        path("dasar-hukum/tinjau/", review_view, name="legal_review"),
        path(f"{run}tutup/", close_run_view, name="run_close"),
        path("pelatihan/paket/<int:course_id>/", export_course_view, name="export_course"),
        path("pelatihan/paket/", import_course_view, name="import_course"),
    ]


def another_question(model: type[Model]) -> AnotherQuestion | None:
    return AnotherQuestion() if model is Question else None


def colours_of_the_academy() -> SafeString:
    return format_html('<link rel="stylesheet" href="{}">', static("css/desk.css"))


def what_the_editor_lacks() -> SafeString:
    return format_html('<script src="{}"></script>', static("js/cms_editor.js"))


def edition_header_button(page: Page, user: Person, view_name: str, next_url: str | None = None) -> Iterator[Button]:
    yield from _edition_button(page, user)


def edition_listing_button(page: Page, user: Person, next_url: str | None = None) -> Iterator[Button]:
    yield from _edition_button(page, user)


def _edition_button(page: Page, user: Person) -> Iterator[Button]:
    """On the course page and everything below it, for those who write or review the course."""
    course_page = course_page_of(page)
    if course_page is not None and course_page.permissions_for_user(user).can_edit():
        yield Button(_("Outline"), reverse("course_outline", args=[course_page.pk]), icon_name="list-ul", priority=11)
        yield Button(
            _("Edition"),
            reverse("publish_edition", args=[course_page.pk]),
            icon_name="upload",
            priority=12,
        )


def run_buttons(snippet: Model, user: Person, next_url: str | None = None) -> Iterator[Button]:
    if isinstance(snippet, Run):
        yield Button(_("Participants"), reverse("run_participants", args=[snippet.pk]), icon_name="group", priority=5)


def course_buttons(snippet: Model, user: Person, next_url: str | None = None) -> Iterator[Button]:
    """In the list of courses; what one may not do answers 403."""
    if isinstance(snippet, Course):
        if (page := getattr(snippet, "page", None)) is not None:
            yield Button(_("Outline"), reverse("course_outline", args=[page.pk]), icon_name="list-ul", priority=5)
        if user.has_perm("courses.change_course"):
            address = reverse("export_course", args=[snippet.pk])
            yield Button(_("Export as a package"), address, icon_name="download", priority=40)
        yield Button(_("Copy"), reverse("copy_course", args=[snippet.pk]), icon_name="copy", priority=50)
        label = _("Offer again") if snippet.archived_at else _("Archive")
        yield Button(label, reverse("archive_course", args=[snippet.pk]), icon_name="folder-inverse", priority=60)
    if isinstance(snippet, LegalReference):
        yield Button(_("Impact"), reverse("legal_impact", args=[snippet.pk]), icon_name="link", priority=5)


def register_log_actions(actions: LogActionRegistry) -> None:
    actions.register_action("courses.archive", gettext_lazy("Archive"), gettext_lazy("Archived"))
    actions.register_action("courses.bring_back", gettext_lazy("Offer again"), gettext_lazy("Offered again"))
    actions.register_action(
        "courses.exported", gettext_lazy("Export as a package"), gettext_lazy("Taken away as a package")
    )


def leave_out_foreign_drafts(pages: QuerySet[Page], request: HttpRequest) -> QuerySet[Page]:
    return without_foreign_drafts(pages, request.user) if isinstance(request.user, Person) else pages


def make_the_page(request: HttpRequest, row: Model) -> HttpResponse | None:
    """A new course has its page, a draft, and a bank at once: trainers add nothing to the catalogue themselves."""
    if not isinstance(row, Course) or not isinstance(request.user, Person):
        return None
    page = ensure_course_page(row, by=request.user)
    if not QuestionBank.objects.filter(key=row.key, organiser=row.organiser).exists():
        QuestionBank.objects.create(key=free_bank_key(row.key), title=row.title, organiser=row.organiser)
    if page is None:
        return None
    messages.info(request, _("Its page is there as a draft: write it, and add modules below."))
    return redirect("course_outline", page.pk)


def publish_first(items: list[ActionMenuItem], request: HttpRequest, context: dict[str, Any]) -> None:
    """Publishing is the plain button of what only authors see: learners get it with an edition."""
    page = context.get("page")
    is_new = page is None and course_page_of(context["parent_page"]) is not None
    if is_new or isinstance(page, AuthoringPage) or (isinstance(page, CoursePage) and not page.live):
        items.sort(key=lambda item: item.name != "action-publish")


def tell_about_the_edition(request: HttpRequest, page: Page) -> None:
    """Learners read editions: whoever publishes a page of a course is told that they do not see it yet."""
    course_page = course_page_of(page)
    newest = course_page.course.editions.newest_first().first() if course_page else None
    if course_page is None or newest is None:
        return
    content = published_content(course_page.course)
    changes = differences(edition_content(newest), content) if content else []
    if changes:
        text = _("Learners still read edition %(number)s. What changed since: %(changes)s.") % {
            "number": newest.number,
            "changes": "; ".join(changes[:5]),
        }
        address = reverse("publish_edition", args=[course_page.pk])
        link = format_html('<a href="{}">{}</a>', address, _("Propose an edition"))
        messages.warning(request, format_html("{} {}", text, link))


def warn_about_the_edition(request: HttpRequest, page: Page) -> None:
    """Deleting is allowed, since learners read editions; but nobody should think the page is of no use."""
    course_page = course_page_of(page) if request.method == "GET" else None
    newest = course_page.course.editions.newest_first().first() if course_page else None
    if course_page is None or newest is None:
        return
    learners = Enrolment.objects.running().filter(run__course=course_page.course_id).count()
    messages.warning(
        request,
        _(
            "Edition %(number)s was made from this page; %(learners)d learners in it go on reading it. "
            "The next edition will do without it."
        )
        % {"number": newest.number, "learners": learners},
    )


def keep_what_is_used(request: HttpRequest, rows: Sequence[Model]) -> HttpResponse | None:
    """What editions, pages and enrolments rest on is not deleted, be it one row or many chosen in a list."""
    kept = [row for row in rows if isinstance(row, SNIPPETS) and _is_protected(row)]
    if not kept:
        return None
    for row in kept:
        words = _RETIRE if isinstance(row, Question) else _IN_USE
        messages.error(request, words % {"name": row})
    return redirect(f"wagtailsnippets_courses_{kept[0]._meta.model_name}:list")


def _is_protected(row: Model) -> bool:
    try:
        Collector(using=DEFAULT_DB_ALIAS, origin=row).collect([row])
    except ProtectedError:
        return True
    return False


def hide_empty_snippets(request: HttpRequest, items: list[MenuItem]) -> None:
    """All snippets have their place in the menu of courses."""
    items[:] = [item for item in items if item.name != "snippets"]


def hide_reports_of_all(request: HttpRequest, items: list[MenuItem]) -> None:
    """Trainers do not open what tells of everybody's pages and rows (`courses.cms_gate`)."""
    if isinstance(request.user, Person) and not request.user.is_superuser:
        items[:] = [item for item in items if item.name not in ("site-history", "page-types-usage")]


hooks.register("register_icons", register_icons)
hooks.register("register_log_actions", register_log_actions)
hooks.register("register_snippet_listing_buttons", course_buttons)
hooks.register("construct_homepage_panels", put_own_courses_first)
hooks.register("register_admin_urls", register_admin_urls)
hooks.register("register_page_header_buttons", edition_header_button)
hooks.register("register_page_listing_more_buttons", edition_listing_button)
hooks.register("register_snippet_listing_buttons", run_buttons)
hooks.register("construct_page_chooser_queryset", leave_out_foreign_drafts)
hooks.register("after_create_snippet", make_the_page)
hooks.register("after_publish_page", tell_about_the_edition)
hooks.register("before_publish_page", keep_what_is_live)
hooks.register("construct_page_action_menu", publish_first)
hooks.register("insert_global_admin_css", colours_of_the_academy)
hooks.register("register_snippet_action_menu_item", another_question)
hooks.register("insert_editor_js", what_the_editor_lacks)
hooks.register("before_delete_page", warn_about_the_edition)
hooks.register("before_delete_snippet", keep_what_is_used)
hooks.register("construct_main_menu", hide_empty_snippets)
hooks.register("construct_reports_menu", hide_reports_of_all)
