"""The tree of work units, for HR: one level at a time, and its changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from academy.people import units as actions
from academy.people.gate import Officer, for_role
from academy.people.models import Person, Role, WorkUnit
from academy.people.scope import topmost_units
from academy.people.units import Touched
from academy.people.views.asking import (
    Done,
    Fact,
    Fields,
    NameForm,
    ask,
    change,
    fact,
    list_crumbs,
    searched,
    sent,
    unit_crumbs,
)
from academy.people.views.choosing import choose_unit, chosen_unit, named, people_per_branch, way_down, ways_to
from academy.people.views.paging import paged

HR = Role.Kind.HR


def _found(officer: Officer, pk: int) -> WorkUnit:
    """A unit of the scope, closed or not; others do not exist."""
    unit: WorkUnit = get_object_or_404(officer.units().select_related("agency", "merged_into"), pk=pk)
    return unit


def _rows(page: Sequence[WorkUnit], *, ways: bool) -> list[dict[str, Any]]:
    counts, above = people_per_branch(page), ways_to(page) if ways else {}
    return [{"unit": unit, "people": counts[unit.pk], "way": above.get(unit.pk, "")} for unit in page]


@for_role(HR, "GET")
def index(officer: Officer) -> HttpResponse:
    """What is searched for, or where the scope begins; of a scope with one beginning, that unit."""
    search = searched(officer.request.GET.get("q", ""))
    if search:
        return _list(officer, officer.units().filter(named(search)), search=search)
    top = topmost_units(officer.person, kind=officer.kind, at=officer.at)
    if len(top) == 1:
        return _unit_page(officer, top[0])
    return _list(officer, WorkUnit.objects.filter(pk__in=[unit.pk for unit in top]), search="")


def _list(officer: Officer, units: QuerySet[WorkUnit], *, search: str) -> HttpResponse:
    found = paged(officer, units)
    context = found | {
        "crumbs": list_crumbs(_("Work units"), reverse("hr_units")),
        "search": search,
        "rows": _rows(list(found["page"]), ways=True),
    }
    return render(officer.request, "people/desk/units.html", context)


@for_role(HR, "GET")
def unit(officer: Officer, unit: int) -> HttpResponse:
    return _unit_page(officer, _found(officer, unit))


def _unit_page(officer: Officer, unit: WorkUnit) -> HttpResponse:
    units = officer.units()
    found = paged(officer, units.filter(path__startswith=unit.path, depth=unit.depth + 1))
    active = Person.objects.filter(unit__path__startswith=unit.path, is_active=True)
    people = active.aggregate(here=Count("pk", filter=Q(unit=unit)), below=Count("pk"))
    closed = unit.is_closed(at=officer.at)
    context = found | {
        "unit": unit,
        "closed": closed,
        "crumbs": unit_crumbs(way_down(units, unit)),
        "active": people["here"],
        "below": people["below"],
        "rows": _rows(list(found["page"]), ways=False),
        "actions": _actions(unit, closed=closed),
    }
    return render(officer.request, "people/desk/unit.html", context)


def _actions(unit: WorkUnit, *, closed: bool) -> list[dict[str, str]]:
    """What can be done, each a link to the page that asks first."""

    def action(view: str, label: str, text: str) -> dict[str, str]:
        return {"url": reverse(view, args=[unit.pk]), "label": label, "text": text}

    elsewhere = [
        {"url": f"{reverse('report_overview')}?unit={unit.pk}", "label": _("Training report of this unit"), "text": ""},
        {"url": f"{reverse('report_people')}?unit={unit.pk}", "label": _("Staff of this unit"), "text": ""},
    ]
    if closed:
        return elsewhere
    granting = {"url": f"{reverse('hr_grant')}?unit={unit.pk}", "label": _("Grant a role over this unit"), "text": ""}
    elsewhere.append(granting)
    opening = action("hr_unit_open", _("Open a unit below"), _("A new unit inside this one."))
    if unit.is_root():
        return [opening, *elsewhere]
    return [
        opening,
        action("hr_unit_rename", _("Rename"), _("What was printed keeps the old name.")),
        action("hr_unit_move", _("Move"), _("With all below it, to another place of the agency.")),
        action("hr_unit_merge", _("Merge into another"), _("People and units below are carried over.")),
        action("hr_unit_close", _("Close"), _("Once nobody works in it any more.")),
        *elsewhere,
    ]


def _in_numbers(touched: Touched) -> list[dict[str, Any]]:
    def number(value: int) -> str:
        return number_format(value, force_grouping=True)

    inactive = _("and %(count)s inactive") % {"count": number(touched.inactive)} if touched.inactive else ""
    return [
        fact(_("People"), number(touched.people), note=inactive),
        fact(_("Units below"), number(touched.units)),
        fact(_("Roles"), number(touched.roles)),
    ]


@for_role(HR, "GET", "POST")
def open_below(officer: Officer, unit: int) -> HttpResponse:
    parent = _found(officer, unit)

    def act(fields: Fields) -> Done:
        new = actions.open_unit(parent, name=fields["name"], by=officer.person, at=officer.at)
        return _("%(unit)s is open.") % {"unit": new.name}, reverse("hr_unit", args=[new.pk])

    return _ask(
        officer,
        parent,
        act=act,
        title=_("Open a unit below"),
        consequences=[_("Nobody is moved. Roles over %(unit)s cover the new unit too.") % {"unit": parent.name}],
        form=NameForm(sent(officer)),
        button=_("Open the unit"),
    )


@for_role(HR, "GET", "POST")
def rename(officer: Officer, unit: int) -> HttpResponse:
    row = _found(officer, unit)

    def preview(fields: Fields) -> list[Fact]:
        name = actions.new_name(row, fields["name"], at=officer.at)
        return [change(_("Name of the unit"), row.name, name)] if name != row.name else []

    def act(fields: Fields) -> Done:
        renamed = actions.rename_unit(row, name=fields["name"], by=officer.person, at=officer.at)
        return _("The unit is now called %(unit)s.") % {"unit": renamed.name}

    return _ask(
        officer,
        row,
        act=act,
        preview=preview,
        title=_("Rename the unit"),
        facts=_in_numbers(actions.preview_rename(row, at=officer.at)),
        consequences=[
            _("Pages and reports show the new name from now on, for past years too."),
            _("Certificates that were issued keep the old one. Rosters must use the new one."),
        ],
        form=NameForm(sent(officer), initial={"name": row.name}),
        button=_("Rename"),
    )


@for_role(HR, "GET", "POST")
def move(officer: Officer, unit: int) -> HttpResponse:
    return _with_target(
        officer,
        unit,
        title=_("Move the unit"),
        question=_("Below which unit?"),
        label=_("Below"),
        button=_("Move"),
        preview=actions.preview_move,
        consequences=[
            _("The unit moves with all below it and all who work there; nobody changes the unit."),
            _("Officers above the old place no longer see them, officers above the new place do."),
        ],
        action=lambda row, target: actions.move_unit(row, to=target, by=officer.person, at=officer.at),
        done=_("%(unit)s now belongs to %(target)s."),
    )


@for_role(HR, "GET", "POST")
def merge(officer: Officer, unit: int) -> HttpResponse:
    return _with_target(
        officer,
        unit,
        title=_("Merge the unit into another"),
        question=_("Into which unit?"),
        label=_("Into"),
        button=_("Merge"),
        preview=actions.preview_merge,
        consequences=[
            _("All who work in the unit work in the other from today on; running courses go along."),
            _("Units below hang below the other unit, with all who work there."),
            _("What was earned stays with the closed unit. Roles over it end; grant them anew where needed."),
            _("A merged unit is not opened again."),
        ],
        action=lambda row, target: actions.merge_unit(row, into=target, by=officer.person, at=officer.at),
        done=_("%(unit)s was merged into %(target)s."),
        danger=True,
    )


def _with_target(
    officer: Officer,
    pk: int,
    *,
    title: str,
    question: str,
    label: str,
    preview: Callable[..., Touched],
    action: Callable[[WorkUnit, WorkUnit], WorkUnit],
    done: str,
    **page: Any,
) -> HttpResponse:
    """First the other unit is chosen, then confirmed."""
    row = _found(officer, pk)
    others = officer.units().filter(agency=row.agency).exclude(path__startswith=row.path)
    others = others.open(row.agency.day(officer.at))
    target = chosen_unit(officer, others)
    if target is None:
        return choose_unit(
            officer,
            others,
            title=title,
            lead=question,
            crumbs=unit_crumbs(way_down(officer.units(), row), title),
            back=reverse("hr_unit", args=[row.pk]),
            agency_id=row.agency_id,
        )

    def act(_fields: Fields) -> Done:
        action(row, target)
        return done % {"unit": row.name, "target": target.name}

    numbers = _in_numbers(preview(row, at=officer.at))
    facts = [fact(label, target, note=ways_to([target])[target.pk]), *numbers]
    return _ask(officer, row, act=act, title=title, facts=facts, **page)


@for_role(HR, "GET", "POST")
def close(officer: Officer, unit: int) -> HttpResponse:
    row = _found(officer, unit)

    def act(_fields: Fields) -> Done:
        actions.close_unit(row, by=officer.person, at=officer.at)
        return _("%(unit)s is closed.") % {"unit": row.name}

    there = actions.preview_close(row, at=officer.at)
    open_yet = officer.request.method != "POST" and not row.is_closed(at=officer.at)
    obstacles = actions.obstacles_to_closing(row, there, at=officer.at) if open_yet else []
    return _ask(
        officer,
        row,
        act=act,
        title=_("Close the unit?"),
        facts=_in_numbers(there),
        consequences=[
            *obstacles,
            _("What was earned here stays with the unit. Roles over it end."),
            _("A closed unit is not opened again; a new one may take its name."),
        ],
        button="" if obstacles else _("Close the unit"),
        danger=True,
    )


def _ask(officer: Officer, unit: WorkUnit, *, title: str, **page: Any) -> HttpResponse:
    """`ask` about a unit, with the way to it."""
    return ask(
        officer,
        title=title,
        lead=unit.name,
        crumbs=unit_crumbs(way_down(officer.units(), unit), title),
        back=reverse("hr_unit", args=[unit.pk]),
        **page,
    )
