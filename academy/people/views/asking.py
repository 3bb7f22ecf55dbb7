"""Pages that ask before a change: what it touches, the fields it needs, one button."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people import units as unit_actions
from academy.people.gate import Officer
from academy.people.models import Person, WorkUnit
from academy.people.refusals import Refused

Crumbs = list[dict[str, str]]
Fact = dict[str, Any]
Fields = dict[str, Any]
Done = str | tuple[str, str] | HttpResponse  # what to say, and where to go if not back; or a page
LONGEST_SEARCH = 100
SEEN, AGAIN = "seen", "again"


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
    act: Callable[[Fields], Done],
    title: str,
    lead: str,
    crumbs: Crumbs,
    button: str,
    back: str,
    facts: Sequence[Fact] = (),
    consequences: Sequence[str] = (),
    form: forms.Form | None = None,
    preview: Callable[[Fields], Sequence[Fact]] | None = None,
    danger: bool = False,
) -> HttpResponse:
    """The page before a change, sent to its own address: then `act` does it, and the officer is led on.

    A form with a `preview` is first answered with what it would change, unless that is nothing. Done is only what was
    seen: if others changed the same meanwhile, it is shown again.
    """
    changes: Sequence[Fact] = ()
    data, problem = officer.request.POST, ""
    if officer.request.method == "POST" and AGAIN not in data and (form is None or form.is_valid()):
        fields = form.cleaned_data if form else {}
        try:
            changes = preview(fields) if preview else ()
            if not changes or data.get(SEEN) == _mark(changes):
                done = act(fields)
                if isinstance(done, HttpResponse):
                    return done
                said, onward = (done, back) if isinstance(done, str) else done
                messages.success(officer.request, said)
                return redirect(onward)
        except Refused as refusal:
            problem, changes = _refuse(form, refusal), ()
        if changes and SEEN in data:
            problem = _("Somebody else changed this meanwhile. Look at it once more.")
    context = {
        "title": title,
        "lead": lead,
        "crumbs": crumbs,
        "facts": [*changes, *facts],
        "consequences": consequences,
        "form": form,
        "seen": _mark(changes) if changes else "",
        "problem": problem,
        "button": _("Review the change") if preview and not changes else button,
        "danger": danger,
        "back": back,
    }
    refused = bool(problem) or (form is not None and bool(form.errors))
    return render(officer.request, "people/desk/change.html", context, status=422 if refused else 200)


def _mark(changes: Sequence[Fact]) -> str:
    """What a form carries along to say which changes were seen."""
    return json.dumps([[str(value) for value in change.values()] for change in changes], ensure_ascii=False)


def _refuse(form: forms.Form | None, refusal: Refused) -> str:
    """Put what an action refused beside its field; returns the sentence if it belongs to no field."""
    if form is not None and refusal.field in form.fields:
        form.add_error(refusal.field, str(refusal))
        return ""
    return str(refusal)


def sent(officer: Officer) -> QueryDict | None:
    """What a form is bound to: the fields that were sent, nothing before that."""
    return officer.request.POST if officer.request.method == "POST" else None


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


def fact(label: str, value: Any, note: str = "") -> Fact:
    return {"label": label, "value": value, "note": note}


def change(label: str, before: str | None, after: str | None) -> Fact:
    return fact(label, after or "–", note=_("until now: %(before)s") % {"before": before or "–"})
