"""What this room adds to the CMS."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail import hooks
from wagtail.admin.menu import MenuItem
from wagtail.admin.widgets.button import Button

from academy.people.models import Person
from courses.models import Run

# The way from a run, and from the menu, to its certificates.


def certificates_button(snippet: Model, user: Person, next_url: str | None = None) -> Iterator[Button]:
    if isinstance(snippet, Run):
        yield Button(_("Certificates"), reverse("run_certificates", args=[snippet.pk]), icon_name="tick", priority=6)


def certificates_in_the_menu() -> MenuItem:
    label = gettext_lazy("Certificates by run")
    return MenuItem(label, reverse("runs_certificates"), name="run-certificates", icon_name="tick", order=250)


hooks.register("register_snippet_listing_buttons", certificates_button)
hooks.register("register_admin_menu_item", certificates_in_the_menu)
