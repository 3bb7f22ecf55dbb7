"""What certificates add to the CMS."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin.widgets.button import Button
from wagtail.snippets.models import register_snippet

from academy.people.models import Person
from certificates.models import Template
from certificates.template_desk import PublishTemplate, TemplateViewSet, keep_what_issued, publish_template_view

register_snippet(TemplateViewSet)


def register_template_urls() -> list[URLPattern]:
    return [path("sertifikat/templat/<int:template_id>/terbitkan/", publish_template_view, name="publish_template")]


def template_buttons(snippet: Model, user: Person, next_url: str | None = None) -> Iterator[Button]:
    if isinstance(snippet, Template):
        address = reverse("publish_template", args=[snippet.pk])
        yield Button(_("Publish and versions"), address, icon_name="upload", priority=5)


def publish_after_saving(model: type[Model]) -> PublishTemplate | None:
    return PublishTemplate() if model is Template else None


hooks.register("register_admin_urls", register_template_urls)
hooks.register("register_snippet_listing_buttons", template_buttons)
hooks.register("before_delete_snippet", keep_what_issued)
hooks.register("register_snippet_action_menu_item", publish_after_saving)
