"""What certificates add to the CMS: templates, and the way from runs to their certificates."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import ModelLogEntry
from wagtail.snippets.models import register_snippet

from academy.people.models import Person, Role
from certificates import template_versions
from certificates.models import Template
from certificates.template_desk import PublishTemplate, TemplateViewSet, keep_what_issued, publish_template_view
from courses.desk_menu import MenuItemOf, holds
from courses.models import Run

OF_RUNS = (Role.Kind.TRAINER, Role.Kind.ORGANISER, Role.Kind.OPERATOR)

register_snippet(TemplateViewSet)


def register_template_urls() -> list[URLPattern]:
    return [path("sertifikat/templat/<int:template_id>/terbitkan/", publish_template_view, name="publish_template")]


def buttons(snippet: Model, user: Person, next_url: str | None = None) -> Iterator[Button]:
    if isinstance(snippet, Template):
        address = reverse("publish_template", args=[snippet.pk])
        yield Button(_("Publish and versions"), address, icon_name="upload", priority=5)
    if isinstance(snippet, Run) and holds(user, OF_RUNS):
        yield Button(
            _("Certificates"), reverse("run_certificates", args=[snippet.pk]), icon_name="circle-check", priority=6
        )


def certificates_in_the_menu() -> MenuItem:
    label, address = gettext_lazy("Certificates of runs"), reverse("runs_certificates")
    return MenuItemOf(label, address, kinds=OF_RUNS, name="run-certificates", icon_name="circle-check", order=250)


def issued_in_the_menu() -> MenuItem:
    """Writing courses does not open other people's certificates."""
    label, address = gettext_lazy("Issued certificates"), reverse("issued_certificates")
    kinds = (Role.Kind.ORGANISER,)
    return MenuItemOf(label, address, kinds=kinds, name="issued-certificates", icon_name="tick-inverse", order=251)


def publish_after_saving(model: type[Model]) -> PublishTemplate | None:
    return PublishTemplate() if model is Template else None


class PublishedInTheHistory(LogFormatter):
    label = gettext_lazy("Publish the template")

    def format_message(self, log_entry: ModelLogEntry) -> str:
        return _("Published as %(name)s") % {"name": log_entry.data["version"]}


def publishing_in_the_history(actions: LogActionRegistry) -> None:
    actions.register_action(template_versions.PUBLISHED)(PublishedInTheHistory)


hooks.register("register_log_actions", publishing_in_the_history)
hooks.register("register_admin_urls", register_template_urls)
hooks.register("register_snippet_listing_buttons", buttons)
hooks.register("register_admin_menu_item", certificates_in_the_menu)
hooks.register("register_admin_menu_item", issued_in_the_menu)
hooks.register("before_delete_snippet", keep_what_issued)
hooks.register("register_snippet_action_menu_item", publish_after_saving)
