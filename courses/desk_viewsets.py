"""The lists, filters and choosers of the trainer's desk in the CMS: they hold what belongs to one's own organisers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import ModelChoiceFilter
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.utils import get_valid_next_url_from_request, set_query_params
from wagtail.snippets.action_menu import ActionMenuItem
from wagtail.snippets.models import SnippetAdminURLFinder
from wagtail.snippets.views.chooser import ChooseResultsView, ChooseView, SnippetChooserViewSet
from wagtail.snippets.views.snippets import CreateView, SnippetViewSet, SnippetViewSetGroup

from academy.people.models import Organiser, Person
from courses.legal_desk import ReferenceEditView
from courses.models import Course, LearningPath, LegalReference, Question, QuestionBank, Run
from courses.trainers import own_rows

MOST_CHOICES = 5


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


class OwnURLFinder(SnippetAdminURLFinder):
    """What has no address is counted on the usage pages of Wagtail and not named there."""

    model: type[Model]

    def __init__(self, user: Person | None = None) -> None:
        super().__init__(user)
        self.user = user  # None: whoever it is, as widgets ask

    def get_edit_url(self, instance: Model) -> str | None:
        if self.user is not None and instance.pk not in self.own_keys:
            return None
        address: str | None = super().get_edit_url(instance)
        return address

    @cached_property
    def own_keys(self) -> set[int]:
        return set(own_rows(self.model, cast("Person", self.user), at=timezone.now()).values_list("pk", flat=True))


class TakenMeanwhile(Exception):
    """What was typed is somebody else's by now; the form says so."""


class OwnCreateView(CreateView):
    """A key or number that somebody took between choosing and storing it is chosen anew; a typed one is refused."""

    def form_valid(self, form: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().form_valid(form)
        except TakenMeanwhile:
            response = self.form_invalid(self.form)
        return response

    def save_instance(self) -> Model:
        for _time in range(MOST_CHOICES):
            try:
                with transaction.atomic():
                    return super().save_instance()  # type: ignore[no-any-return]
            except IntegrityError:
                self.form = self.get_form()
                if not self.is_valid(self.form):
                    raise TakenMeanwhile from None
        return super().save_instance()  # type: ignore[no-any-return]


class OwnSnippetViewSet(SnippetViewSet):
    """Lists and choosers hold what belongs to one's own organisers; `courses.cms_gate` guards the other pages."""

    add_view_class = OwnCreateView
    chooser_viewset_class = OwnChooserViewSet

    @property
    def url_finder_class(self) -> type[OwnURLFinder]:
        return type("_OwnURLFinder", (OwnURLFinder,), {"model": self.model})

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


class QuestionCreateView(OwnCreateView):
    """Questions are written in a row: the bank is given in the address, bank and topic stay for the next one."""

    def get_initial_form_instance(self) -> Question:
        bank = self.request.GET.get("bank", "")
        known = own(QuestionBank)(self.request).filter(pk=bank) if bank.isdecimal() and len(bank) < 19 else None
        return Question(bank=known.first() if known else None, topic=self.request.GET.get("topic", "")[:120])

    def get_add_url(self) -> str:
        address: str = set_query_params(super().get_add_url(), self.request.GET.dict())
        return address

    def get_success_url(self) -> str:
        back = get_valid_next_url_from_request(self.request)
        address: str = back or super().get_success_url()
        if AnotherQuestion.name in self.request.POST:
            kept = {"bank": str(self.object.bank_id), "topic": self.object.topic, "next": back or None}
            address = set_query_params(super().get_add_url(), kept)
        return address


class AnotherQuestion(ActionMenuItem):
    name = "action-another"
    label = gettext_lazy("Save and write another")
    icon_name = "plus"
    order = -1  # before "Save": the button that is seen

    def is_shown(self, context: dict[str, Any]) -> bool:
        return bool(context["view"] == "create")


class QuestionViewSet(OwnSnippetViewSet):
    model = Question
    add_view_class = QuestionCreateView
    search_fields = ["text", "topic", "key"]
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
        "__str__",  # a name, not a Column: only so it is the title, with the ways to everything about the run
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
    search_backend_name = None
    search_fields = ["regulation", "article", "summary"]


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
