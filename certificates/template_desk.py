"""The desk of certificate templates in the CMS: their list and editor, publishing with its checks, and the versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, Min, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods
from wagtail.admin import messages as admin_messages
from wagtail.admin.ui.tables import Column
from wagtail.snippets.action_menu import ActionMenuItem
from wagtail.snippets.views.snippets import EditView

from academy.people.models import Organiser, Person
from certificates import template_drafts, template_versions
from certificates.models import Template, TemplateVersion
from certificates.pictures import NoPicture
from courses.desk_viewsets import OwnCreateView, OwnedFilters, OwnSnippetViewSet, own
from courses.models import Completion
from courses.trainers import WRITERS, organisers_of, own_rows

DRAFT_NAMES = {
    template_drafts.USUAL: gettext_lazy("Usual data"),
    template_drafts.LONGEST: gettext_lazy("The longest data"),
    template_drafts.SHORTEST: gettext_lazy("The shortest data"),
}


class TemplateFilters(OwnedFilters):
    class Meta:
        model = Template
        fields = ["organiser", "kind"]


class SaysThatNothingIsPrinted:
    """After saving: what was written is no version yet, and where it becomes one."""

    object: Template

    def get_success_message(self, *_instance: Template) -> str:
        return _("The template is saved. Nothing of it is printed until you publish it.")

    def get_success_buttons(self) -> list[Any]:
        address = reverse("publish_template", args=[self.object.pk])
        return [admin_messages.button(address, _("Check and publish …"))]


class TemplateEditView(SaysThatNothingIsPrinted, EditView):
    pass


class TemplateCreateView(SaysThatNothingIsPrinted, OwnCreateView):
    """Begins with what the organiser prints today, for the first kind that has no template yet."""

    def get_initial_form_instance(self) -> Template:
        there = set(Template.objects.values_list("organiser", "kind"))
        for organiser in own(Organiser)(self.request).order_by("pk"):
            for kind in Completion.Outcome:
                if (organiser.pk, kind.value) not in there:
                    template = Template(organiser=organiser, kind=kind)
                    template.take_from(organiser)
                    return template
        return Template()


class TemplateViewSet(OwnSnippetViewSet):
    model = Template
    add_view_class = TemplateCreateView
    edit_view_class = TemplateEditView
    copy_view_enabled = False  # there is one for each organiser and kind
    icon = "doc-full"
    menu_label = gettext_lazy("Certificate templates")
    menu_name = "certificate-templates"
    menu_order = 160
    add_to_admin_menu = True
    list_display = [
        "__str__",
        Column("version", label=gettext_lazy("Newest version"), accessor=lambda template: _newest_of(template) or "–"),
        Column("state", label=gettext_lazy("State"), accessor=lambda template: _state_of(template)),
    ]
    filterset_class = TemplateFilters

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("organiser", "logo", "second_logo")
        return rows.prefetch_related(Prefetch("versions", TemplateVersion.objects.order_by("number")))


def _newest_of(template: Template) -> TemplateVersion | None:
    """Of the versions that the list fetched for all its rows at once."""
    return next(reversed(template.versions.all()), None)


def _state_of(template: Template) -> str:
    newest = _newest_of(template)
    if newest is None:
        return _("not published yet")
    return _("has changes that are not published") if template_versions.has_unpublished(template, newest) else ""


class PublishTemplate(ActionMenuItem):
    """Beside "Save": what was typed and not saved is not published."""

    name = "action-publish-template"
    label = gettext_lazy("Check and publish …")
    icon_name = "upload"
    order = 50

    def is_shown(self, context: dict[str, Any]) -> bool:
        return context["view"] == "edit" and not context.get("locked_for_user")

    def get_url(self, context: dict[str, Any]) -> str:
        return reverse("publish_template", args=[context["instance"].pk])


@require_http_methods(["GET", "HEAD", "POST"])
def publish_template_view(request: HttpRequest, template_id: int) -> HttpResponse:
    """What the checks say of the template as it is saved, a button to publish exactly that, and all versions."""
    template, person, may_write = _template_of(request, template_id)
    refused: list[dict[str, Any]] | None = None
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied
        if request.POST.get("seen") != _fingerprint(template):
            messages.warning(request, _("The template changed meanwhile: look at it again."))
            return redirect("publish_template", template.pk)
        try:
            version = template_versions.publish(template, by=person, at=timezone.now())
        except template_versions.CannotPublish as error:
            messages.error(request, str(error))
            refused = error.checks
        else:
            messages.success(
                request, _("Published as %(name)s. Certificates are issued with it from now on.") % {"name": version}
            )
            return redirect("publish_template", template.pk)
    context = {
        "template": template,
        "may_write": may_write,
        "seen": _fingerprint(template),
        "versions": _versions(template),
        **_checked(template, refused),
        "page_title": _("Publish the template"),
        "page_subtitle": str(template),
        "header_icon": "upload",
    }
    return TemplateResponse(request, "certificates/cms/publish_template.html", context)


def _template_of(request: HttpRequest, template_id: int) -> tuple[Template, Person, bool]:
    """One's own; another organiser's does not exist. Reviewers look, writers publish."""
    person = request.user
    if not isinstance(person, Person):
        raise PermissionDenied
    at = timezone.now()
    rows = own_rows(Template, person, at=at).select_related("organiser", "logo", "second_logo")
    template = get_object_or_404(rows, pk=template_id)
    may_write = organisers_of(person, at=at, kinds=WRITERS).filter(pk=template.organiser_id).exists()
    return template, person, may_write


def _checked(template: Template, refused: list[dict[str, Any]] | None) -> dict[str, Any]:
    """For the page: what is wrong with the form, or each check once with what it found on the three drafts."""
    try:
        template.full_clean()
        content, printed = template_versions.frozen(template)
    except ValidationError as error:
        return {"problems": error.messages}
    except NoPicture as error:
        return {"problems": [str(error)]}
    newest = template.versions.order_by("-number").first()
    same = newest is not None and newest.published_by_id is not None and template_versions.is_same(newest, content)
    if newest is not None and same:
        found = newest.checks  # what was found when it was published
    else:
        found = template_versions.check(template.organiser, content, printed) if refused is None else refused
    return {
        "is_published": same,
        "passed": all(one["ok"] for one in found),
        "found": _sorted(found),
    }


def keep_what_issued(request: HttpRequest, rows: Sequence[Any]) -> HttpResponse | None:
    """A template with versions stays, whoever asks: certificates rest on them."""
    kept = [row for row in rows if isinstance(row, Template) and row.versions.exists()]
    for row in kept:
        messages.error(request, _("“%(name)s” has versions and is not deleted.") % {"name": row})
    return redirect("wagtailsnippets_certificates_template:list") if kept else None


def _sorted(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What failed, each sentence once with the drafts it was found on; what passed, counted and by draft."""
    failed: dict[str, list[str]] = {}
    for one in found:
        if not one["ok"]:
            failed.setdefault(one["text"], []).append(str(DRAFT_NAMES[one["draft"]]))
    passed = [one for one in found if one["ok"]]
    return {"failed": failed.items(), "passed": len(passed), "groups": _grouped(passed)}


def _grouped(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "checks": [one for one in found if one["draft"] == kind]}
        for kind, name in DRAFT_NAMES.items()
        if any(one["draft"] == kind for one in found)
    ]


def _versions(template: Template) -> list[dict[str, Any]]:
    """Newest first, with what each one said and when it was used."""
    rows = template.versions.select_related("published_by").annotate(
        used=Count("certificates"), first=Min("certificates__issued_at"), last=Max("certificates__issued_at")
    )
    return [
        {
            "name": str(version),
            "published_at": version.published_at,
            "published_by": version.published_by.full_name if version.published_by else "",
            "used": version.used,
            "first": version.first,
            "last": version.last,
            "lines": _lines(version),
            "found": _sorted(version.checks),
        }
        for version in rows.order_by("-number")
    ]


def _lines(version: TemplateVersion) -> list[tuple[str, str]]:
    content = version.content
    fields = (
        "title", "opening", "outcome", "lead_in", "details", "number_format", "on_behalf_of", "signatory_position",
        "signatory", "signatory_nip", "place",
    )  # fmt: skip
    lines = [(str(Template._meta.get_field(name).verbose_name), content[name]) for name in fields]  # type: ignore[union-attr]
    lines.append((_("Logos"), ", ".join(logo["alt"] for logo in content["logos"])))
    lines += [
        (str(Template._meta.get_field(name).verbose_name), _("yes") if content[name] else _("no"))  # type: ignore[union-attr]
        for name in ("print_photo", "print_birth")
    ]
    lines.append((_("Layout"), content["layout"]["name"]))
    return [(capfirst(label), text) for label, text in lines if text]


def _fingerprint(template: Template) -> str:
    """Of everything that is saved, so that what was seen is what is published."""
    values: Mapping[str, Any] = {field.attname: getattr(template, field.attname) for field in template._meta.fields}
    hashes = [image.file_hash for image in (template.logo, template.second_logo) if image is not None]
    return hashlib.sha256(json.dumps([values, hashes], sort_keys=True, default=str).encode()).hexdigest()
