"""The door to the CMS: who has a role for it at this moment, and nothing of other organisers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from wagtail.documents.permissions import permission_policy as of_documents
from wagtail.images.permissions import permission_policy as of_images
from wagtail.models import Page

from academy.pages.cms_policy import CMS
from academy.people.models import Organiser, Person, Role
from courses.models import CoursePage
from courses.trainers import DESK, TO_ORGANISER, organisers_of, own_rows, sync_trainer_groups

FILES = {"image": of_images, "document": of_documents}
FILE_CHOOSERS = {"wagtailimages_chooser": "image", "wagtaildocs_chooser": "document"}
PAGE_IDS = ("wagtailadmin_choose_page_chosen_multiple",)
# Wagtail looks for the parent of the page here, and finds none for the root of the tree.
NOT_OF_THE_ROOT = (*PAGE_IDS, "set_page_position")
# Wagtail fills these with what everybody writes; the history of one's own rows is with each row.
REPORTS_OF_ALL = ("site_history", "page_types_usage")
LISTS_OF_ALL = ("wagtailadmin_api:images", "wagtailadmin_api:documents")  # no page of the CMS asks them


class CmsGateMiddleware:
    """Without a role of the desk, or with one over no organiser: 403. A role that ended counts from the next request on, and so does a new one.

    Wagtail asks permissions of the groups, which are put right here first. It tells a page or a snippet that one may
    not edit from one that does not exist; we do not, hence the 404.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not request.path.startswith(CMS):
            return None
        person = request.user
        if not isinstance(person, Person) or person.is_superuser:
            return None
        at = timezone.now()
        if not person.role_kinds & set(DESK) or not sync_trainer_groups(person, at=at):
            response = render(request, "people/no_role.html", {"kind": Role.Kind.TRAINER.label}, status=403)
            add_never_cache_headers(response)
            return response
        if (
            is_about_everybody(request)
            or names_foreign_page(request, kwargs, person, at=at)
            or names_foreign_snippet(request, kwargs, person, at=at)
            or names_foreign_file(request, kwargs, person)
        ):
            raise Http404
        return None


def is_about_everybody(request: HttpRequest) -> bool:
    match = request.resolver_match
    if match is None:
        return False
    return (match.url_name or "").removesuffix("_results") in REPORTS_OF_ALL or match.namespace in LISTS_OF_ALL


def asked_ids(request: HttpRequest) -> list[int]:
    """The rows that bulk actions and choosers of several are asked about."""
    return [int(text) for text in request.GET.getlist("id") if text.isdecimal() and len(text) < 19]


def names_foreign_page(request: HttpRequest, kwargs: dict[str, Any], person: Person, *, at: datetime) -> bool:
    """Whether the address names a page of a course of another organiser, or asks the root what only pages below it answer."""
    named = [
        value for name, value in kwargs.items() if isinstance(value, int) and ("page" in name or "destination" in name)
    ]
    match = request.resolver_match
    if kwargs.get("model_name") == "page" or (match is not None and match.url_name in PAGE_IDS):
        named += asked_ids(request)
    if not named:
        return False
    paths = list(Page.objects.filter(pk__in=named).values_list("path", flat=True))
    if match is not None and match.url_name in NOT_OF_THE_ROOT and any(len(path) == Page.steplen for path in paths):
        return True
    above = {path[:end] for path in paths for end in range(Page.steplen, len(path) + 1, Page.steplen)}
    own = organisers_of(person, at=at)
    return bool(CoursePage.objects.filter(path__in=above).exclude(course__organiser__in=own).exists())


def names_foreign_snippet(request: HttpRequest, kwargs: dict[str, Any], person: Person, *, at: datetime) -> bool:
    """Whether the address names a course, bank, question or other snippet of another organiser."""
    match = request.resolver_match
    name = str(kwargs.get("model_name", "")) or (match.namespace.rpartition("_")[2] if match else "")
    snippets = {str(one._meta.model_name): one for one in TO_ORGANISER if one is not Organiser}
    model = snippets.get(name)
    if model is None:
        return False
    named = [str(kwargs.get("pk", "")), *request.GET.getlist("id")]
    keys = [text for text in named if text.isdecimal() and len(text) < 19]
    if not keys:
        return False
    asked = model._default_manager.filter(pk__in=keys)
    return bool(asked.exclude(pk__in=own_rows(model, person, at=at).values("pk")).exists())


def names_foreign_file(request: HttpRequest, kwargs: dict[str, Any], person: Person) -> bool:
    """Whether the address names an image or a file that this person may neither change nor choose."""
    match = request.resolver_match
    chooser = FILE_CHOOSERS.get(match.namespace if match else "")
    for kind, policy in FILES.items():
        named = [kwargs[f"{kind}_id"]] if f"{kind}_id" in kwargs else []
        if kwargs.get("model_name") == kind or chooser == kind:
            named += [kwargs["pk"]] if "pk" in kwargs else []
            named += asked_ids(request)
        keys = {int(key) for key in named if str(key).isdecimal() and len(str(key)) < 19}
        if keys:
            known = policy.instances_user_has_any_permission_for(person, ["change", "choose"])
            if policy.model.objects.filter(pk__in=keys).exclude(pk__in=known.values("pk")).exists():
                return True
    return False
