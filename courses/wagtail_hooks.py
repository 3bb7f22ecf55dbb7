"""The desk of the trainer in the CMS: courses, questions and regulations, and the way to a new edition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, ProtectedError, QuerySet
from django.db.models.deletion import Collector
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import ModelChoiceFilter
from wagtail import hooks
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry
from wagtail.models import Page
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import SnippetViewSet, SnippetViewSetGroup

from academy.people.models import Organiser, Person
from courses.content import differences, edition_content, published_content
from courses.course_desk import archive_course_view, copy_course_view
from courses.desk_home import put_own_courses_first
from courses.edition_view import course_page_of, publish_edition_view
from courses.legal_desk import ReferenceEditView, impact_view, review_view
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
from courses.outline_desk import outline_view
from courses.package_view import export_course_view, import_course_view
from courses.run_desk import close_run_view, participants_view, remove_participant_view
from courses.trainers import ensure_course_page, own_rows

SNIPPETS = (Course, LearningPath, LegalReference, Question, QuestionBank, Run)
_RETIRE = gettext_lazy("“%(name)s” is in an edition and is not deleted. Retire it: later editions leave it out.")
_IN_USE = gettext_lazy("“%(name)s” is in use and is not deleted.")


def own(model: type[Model]) -> Callable[[HttpRequest | None], QuerySet[Any]]:
    """For filters and lists: the rows of this model that the reader may see."""

    def rows(request: HttpRequest | None) -> QuerySet[Any]:
        person = request.user if request is not None else None
        return (
            own_rows(model, person, at=timezone.now()) if isinstance(person, Person) else model._default_manager.none()
        )

    return rows


class OwnChooseView(ChooseView):
    def get_object_list(self) -> QuerySet[Any]:
        return own(self.model)(self.request)


class OwnChooseResultsView(ChooseResultsView):
    def get_object_list(self) -> QuerySet[Any]:
        return own(self.model)(self.request)


class OwnChooserViewSet(SnippetChooserViewSet):
    choose_view_class = OwnChooseView
    choose_results_view_class = OwnChooseResultsView


class OwnSnippetViewSet(SnippetViewSet):
    """Lists and choosers hold what belongs to one's own organisers; `courses.cms_gate` guards the other pages."""

    chooser_viewset_class = OwnChooserViewSet

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return own(self.model)(request)


class OwnedFilters(WagtailFilterSet):
    organiser = ModelChoiceFilter(queryset=own(Organiser), label=gettext_lazy("organiser"))


class CourseFilters(OwnedFilters):
    class Meta:
        model = Course
        fields = ["organiser", "level"]


class QuestionBankFilters(OwnedFilters):
    class Meta:
        model = QuestionBank
        fields = ["organiser"]


class QuestionFilters(WagtailFilterSet):
    bank = ModelChoiceFilter(queryset=own(QuestionBank), label=gettext_lazy("bank"))

    class Meta:
        model = Question
        fields = ["bank", "kind", "topic", "legal_reference"]


class CourseViewSet(OwnSnippetViewSet):
    model = Course
    icon = "education"
    menu_order = 100
    list_display = ["code", "title", "organiser", "level", "credit_hours", "pass_mark", "archived_at"]
    filterset_class = CourseFilters
    search_fields = ["code", "title"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("organiser", "page")


class QuestionBankViewSet(OwnSnippetViewSet):
    model = QuestionBank
    icon = "folder-open-inverse"
    menu_order = 200
    list_display = ["title", "organiser"]
    filterset_class = QuestionBankFilters
    search_fields = ["title", "key"]


class QuestionViewSet(OwnSnippetViewSet):
    model = Question
    icon = "help"
    menu_order = 300
    list_display = [
        "text",
        Column("bank", label=gettext_lazy("bank"), accessor="bank"),
        "topic",
        "kind",
        BooleanColumn("retired", label=gettext_lazy("retired"), accessor=lambda question: bool(question.retired_at)),
    ]
    filterset_class = QuestionFilters
    list_per_page = 50


class RunFilters(WagtailFilterSet):
    course = ModelChoiceFilter(queryset=own(Course), label=gettext_lazy("course"))

    class Meta:
        model = Run
        fields = ["course", "year"]


class RunViewSet(OwnSnippetViewSet):
    """Dated runs; the self-paced one of a year makes itself and holds nothing to decide."""

    model = Run
    icon = "group"
    menu_order = 150
    list_display = [
        Column("name", label=gettext_lazy("cohort (angkatan)"), accessor="name"),
        "course",
        "opens_on",
        "closes_on",
        BooleanColumn("closed", label=gettext_lazy("closed"), accessor=lambda run: bool(run.closed_at)),
    ]
    filterset_class = RunFilters
    ordering = ["-opens_on", "course"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(number__isnull=False).select_related("course")


class LearningPathViewSet(OwnSnippetViewSet):
    model = LearningPath
    icon = "list-ol"
    menu_order = 160
    list_display = ["title", "organiser", "is_public"]
    search_fields = ["title", "key"]


class LegalReferenceViewSet(SnippetViewSet):
    model = LegalReference
    edit_view_class = ReferenceEditView
    icon = "clipboard-list"
    menu_order = 400
    list_display = ["regulation", "article", "as_of_on", "review_by_on", "superseded_by"]
    list_filter = ["regulation", "review_by_on"]


class CourseDesk(SnippetViewSetGroup):
    menu_label = gettext_lazy("Courses")
    menu_icon = "education"
    menu_name = "courses"
    menu_order = 150
    items = (
        CourseViewSet,
        RunViewSet,
        LearningPathViewSet,
        QuestionBankViewSet,
        QuestionViewSet,
        LegalReferenceViewSet,
    )

    def get_submenu_items(self) -> list[MenuItem]:
        address = reverse("import_course")
        return [*super().get_submenu_items(), MenuItem(_("Import a package"), address, icon_name="upload", order=900)]


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
    """One may link to any course of the catalogue, but what others are writing below or before it is theirs."""
    if not isinstance(request.user, Person) or request.user.is_superuser:
        return pages
    own_courses = own_rows(Course, request.user, at=timezone.now())
    foreign = CoursePage.objects.exclude(course__in=own_courses)
    for page in foreign:
        pages = pages.not_descendant_of(page) if page.live else pages.not_descendant_of(page, inclusive=True)  # type: ignore[attr-defined]
    return pages


def make_the_page(request: HttpRequest, row: Model) -> None:
    """A new course has its page, a draft, at once: trainers add nothing to the catalogue themselves."""
    if not isinstance(row, Course) or not isinstance(request.user, Person):
        return
    page = ensure_course_page(row, by=request.user)
    if page is not None:
        address = reverse("wagtailadmin_pages:edit", args=[page.pk])
        link = format_html('<a href="{}">{}</a>', address, _("Write it"))
        messages.info(request, format_html("{} {}", _("The page of the course is there as a draft."), link))


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
hooks.register("before_delete_page", warn_about_the_edition)
hooks.register("before_delete_snippet", keep_what_is_used)
hooks.register("construct_main_menu", hide_empty_snippets)
hooks.register("construct_reports_menu", hide_reports_of_all)
