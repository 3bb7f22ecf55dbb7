"""What the CMS may not do with people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks

from academy.people.models import Person


def keep_person(request: HttpRequest, person: Person) -> HttpResponse:
    """Nobody is deleted: certificates and reports rest on people. Access ends by making a person inactive."""
    messages.error(request, _("People are not deleted. Make the account inactive instead."))
    return redirect("wagtailusers_users:edit", person.pk)


def keep_people(request: HttpRequest, action: str, objects: list[Any], view: Any) -> HttpResponse | None:
    if action != "delete" or view.model is not Person:
        return None
    messages.error(request, _("People are not deleted. Make the account inactive instead."))
    return redirect("wagtailusers_users:index")


hooks.register("before_delete_user", keep_person)
hooks.register("before_bulk_action", keep_people)
