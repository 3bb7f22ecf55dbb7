"""Pages that ask before a change: what it touches, the fields it needs, one button."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import units as unit_actions
from academy.people.gate import Officer
from academy.people.models import Person, WorkUnit

Crumbs = list[dict[str, str]]
LONGEST_SEARCH = 100


class DayForm(forms.Form):
    from_on = forms.DateField(
        label=gettext_lazy("From this day on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the unit"),
        max_length=unit_actions.LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def ask(
    officer: Officer,
    *,
    title: str,
    lead: str,
    crumbs: Crumbs,
    button: str,
    back: str,
    facts: Sequence[Mapping[str, Any]] = (),
    consequences: Sequence[str] = (),
    form: forms.Form | None = None,
    problem: str = "",
    danger: bool = False,
) -> HttpResponse:
    """The page before a change. Its form is sent to the same address; with a `problem`, or errors, it was refused."""
    refused = bool(problem) or (form is not None and form.is_bound and not form.is_valid())
    context = {
        "title": title,
        "lead": lead,
        "crumbs": crumbs,
        "facts": facts,
        "consequences": consequences,
        "form": form,
        "problem": problem,
        "button": button,
        "danger": danger,
        "back": back,
    }
    return render(officer.request, "people/desk/change.html", context, status=422 if refused else 200)


def refuse(form: forms.Form, error: Exception) -> str:
    """Put what an action refused beside its field; returns the sentence if it belongs to no field."""
    field = getattr(error, "field", "")
    if field in form.fields:
        form.add_error(field, str(error))
        return ""
    return str(error)


def searched(text: str) -> str:
    """What was typed into a search box, without control characters and not too long."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()[:LONGEST_SEARCH].strip()


def person_crumbs(person: Person, here: str = "") -> Crumbs:
    """Reports > people > person > manage > here."""
    way = [
        {"label": _("Training report"), "url": reverse("report_overview")},
        {"label": _("Staff"), "url": reverse("report_people")},
        {"label": person.full_name, "url": reverse("report_person", args=[person.pk])},
    ]
    manage = {"label": _("Manage")}
    return [*way, manage | {"url": reverse("hr_person", args=[person.pk])}, {"label": here}] if here else [*way, manage]


def list_crumbs(label: str, url: str, here: str = "") -> Crumbs:
    way = [{"label": _("Training report"), "url": reverse("report_overview")}]
    return [*way, {"label": label, "url": url}, {"label": here}] if here else [*way, {"label": label}]


def unit_crumbs(way: Sequence[WorkUnit], here: str = "") -> Crumbs:
    """Reports > units > those above and the unit itself > here; `way` ends with the unit."""
    crumbs = [
        {"label": _("Training report"), "url": reverse("report_overview")},
        {"label": _("Work units"), "url": reverse("hr_units")},
        *({"label": unit.name, "url": reverse("hr_unit", args=[unit.pk])} for unit in way),
    ]
    return [*crumbs, {"label": here}] if here else [*crumbs[:-1], {"label": crumbs[-1]["label"]}]


def fact(label: str, value: Any, note: str = "") -> dict[str, Any]:
    return {"label": label, "value": value, "note": note}
