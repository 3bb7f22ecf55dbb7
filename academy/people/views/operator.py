"""The operator's pages: agencies, groups, roles and imports of the whole academy."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.people import agencies as actions
from academy.people import roles as role_actions
from academy.people.agencies import AgencyRefused
from academy.people.gate import Officer, for_role
from academy.people.models import Agency, AgencyGroup, Person, Role, RosterImport
from academy.people.operator_forms import (
    ZONES,
    AgencyForm,
    AgencySearch,
    GroupForm,
    ImportSearch,
    RoleForm,
    RoleSearch,
    roles_asked,
)

OPERATOR, OFFICER = Role.Kind.OPERATOR, Role.Kind.DATA_PROTECTION
ON_A_PAGE = 50
Cell = dict[str, Any]


@for_role([OPERATOR, OFFICER], "GET")
def start(officer: Officer) -> HttpResponse:
    """The first page that the reader may open."""
    return redirect("operator_agencies" if officer.kind == OPERATOR else "operator_accesses")


@for_role(OPERATOR, "GET")
def agencies(officer: Officer) -> HttpResponse:
    search = AgencySearch(officer.request.GET)
    text = search.chosen()["q"]
    rows = Agency.objects.order_by("code")
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(code__istartswith=text))
    page = page_of(officer.request, rows)
    people = dict(
        Person.objects.on_roster()
        .filter(unit__agency__in=[row.pk for row in page])
        .values_list("unit__agency")
        .annotate(count=Count("pk"))
    )
    zones = dict(ZONES)
    return render_list(
        officer,
        title=_("Agencies"),
        search=search,
        page=page,
        columns=[
            (_("Name"), False),
            (_("Code"), False),
            (_("Kind"), False),
            (_("Time zone"), False),
            (_("Active staff"), True),
        ],
        rows=[
            [
                {"value": row.name, "url": reverse("operator_agency", args=[row.pk])},
                {"value": row.code, "whole": True},
                {"value": row.get_kind_display()},
                {"value": zones.get(row.time_zone, row.time_zone)},
                {"number": people.get(row.pk, 0)},
            ]
            for row in page
        ],
        add=(reverse("operator_agency_new"), _("Add an agency")),
    )


@for_role(OPERATOR, "GET", "POST")
def agency(officer: Officer, pk: int | None = None) -> HttpResponse:
    """A new agency, or one that is there."""
    request = officer.request
    row = get_object_or_404(Agency, pk=pk) if pk else None
    known = {name: getattr(row, name) for name in actions.FIELDS} if row else None
    form = AgencyForm(request.POST or None, agency=row, initial=known)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            if row:
                actions.change_agency(row, **asked, by=officer.person, at=officer.at)
            else:
                row = actions.add_agency(**asked, by=officer.person, at=officer.at)
        except AgencyRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": asked["name"]})
            return redirect("operator_agencies")
    return render_form(
        officer,
        form,
        title=row.name if row else _("Add an agency"),
        note=_("Code %(code)s") % {"code": row.code} if row else "",
        back=(reverse("operator_agencies"), _("Agencies")),
    )


@for_role(OPERATOR, "GET")
def groups(officer: Officer) -> HttpResponse:
    page = page_of(officer.request, AgencyGroup.objects.annotate(count=Count("agencies")).order_by("name"))
    return render_list(
        officer,
        title=_("Groups of agencies"),
        lead=_("Whoever holds a role over a group sees the people of all its agencies."),
        page=page,
        columns=[(_("Name"), False), (_("Agencies"), True)],
        rows=[
            [
                {"value": row.name, "url": reverse("operator_group", args=[row.pk])},
                {"number": row.count},
            ]
            for row in page
        ],
        add=(reverse("operator_group_new"), _("Add a group")),
    )


@for_role(OPERATOR, "GET", "POST")
def group(officer: Officer, pk: int | None = None) -> HttpResponse:
    request = officer.request
    row = get_object_or_404(AgencyGroup, pk=pk) if pk else None
    known = {"name": row.name, "agencies": list(row.agencies.values_list("pk", flat=True))} if row else None
    form = GroupForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            actions.keep_group(row, **form.cleaned_data, by=officer.person, at=officer.at)
        except AgencyRefused as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("operator_groups")
    held = Role.objects.in_force(officer.at).filter(group=row).count() if row else 0
    note = ngettext(
        "%(count)d role over this group is in force.", "%(count)d roles over this group are in force.", held
    )
    return render_form(
        officer,
        form,
        title=row.name if row else _("Add a group"),
        note=note % {"count": held} if row else "",
        back=(reverse("operator_groups"), _("Groups of agencies")),
    )


@for_role(OPERATOR, "GET")
def roles(officer: Officer) -> HttpResponse:
    search = RoleSearch(officer.request.GET)
    found = roles_asked(search, at=officer.at).select_related("person", "unit__agency", "group", "granted_by")
    page = page_of(officer.request, found.order_by("person__name", "kind", "pk"))
    columns = [_("Name"), _("Role"), _("Over"), _("Since"), _("Until"), _("Granted by"), _("Action")]
    return render_list(
        officer,
        title=_("Roles"),
        search=search,
        page=page,
        columns=[(label, False) for label in columns],
        rows=[
            [
                {"value": role.person.full_name},
                {"value": role.get_kind_display()},
                {"value": over(role)},
                {"moment": role.from_at},
                {"moment": role.until_at, "value": "–"},
                {"value": role.granted_by or "–"},
                _ending(role, officer),
            ]
            for role in page
        ],
        add=(reverse("operator_grant"), _("Grant a role")),
    )


def _ending(role: Role, officer: Officer) -> Cell:
    if role.until_at is not None and role.until_at <= officer.at:
        return {"value": _("ended")}
    return {"value": _("End"), "url": reverse("operator_end", args=[role.pk])}


def over(role: Role) -> str:
    if role.group is not None:
        return role.group.name
    if role.unit is None:  # a constraint forbids it
        return ""
    return role.unit.name if role.unit.depth == 1 else f"{role.unit.name}, {role.unit.agency.name}"


@for_role(OPERATOR, "GET", "POST")
def grant(officer: Officer) -> HttpResponse:
    request = officer.request
    form = RoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            role = role_actions.grant_role(
                asked["login"],
                kind=asked["kind"],
                unit=asked["unit"],
                group=asked["group"],
                from_at=asked["from_at"] or officer.at,
                until_at=asked["until_at"],
                by=officer.person,
                at=officer.at,
            )
        except role_actions.CannotGrant as refusal:
            form.add_error(None, str(refusal))
        else:
            text = _("%(name)s: role %(role)s over %(over)s.")
            messages.success(
                request,
                text % {"name": role.person.full_name, "role": role.get_kind_display(), "over": over(role)},
            )
            return redirect("operator_roles")
    return render_form(
        officer, form, title=_("Grant a role"), action=_("Grant"), back=(reverse("operator_roles"), _("Roles"))
    )


@for_role(OPERATOR, "GET", "POST")
def end(officer: Officer, pk: int) -> HttpResponse:
    role = get_object_or_404(Role.objects.select_related("person", "unit__agency", "group"), pk=pk)
    words = {"name": role.person.full_name, "role": role.get_kind_display(), "over": over(role)}
    if officer.request.method == "POST":
        try:
            role_actions.end_role(role, by=officer.person, at=officer.at)
        except role_actions.CannotEnd as refusal:
            messages.error(officer.request, str(refusal))
        else:
            messages.success(officer.request, _("%(name)s: the role %(role)s has ended.") % words)
        return redirect("operator_roles")
    context = {
        "role": role,
        "over": words["over"],
        "crumbs": crumbs((reverse("operator_roles"), _("Roles")), _("End a role")),
    }
    return render(officer.request, "people/operator/end_role.html", context)


@for_role(OPERATOR, "GET")
def imports(officer: Officer) -> HttpResponse:
    search = ImportSearch(officer.request.GET)
    asked = search.chosen()
    rows = RosterImport.objects.select_related("agency", "by")
    if asked["instansi"]:
        rows = rows.filter(agency=asked["instansi"])
    if asked["keadaan"]:
        rows = rows.filter(state=asked["keadaan"])
    page = page_of(officer.request, rows)
    columns = [(_("File"), False), (_("Agency"), False), (_("Kind"), False), (_("Handed in"), False), (_("By"), False)]
    columns += [(_("State"), False), (_("Rows"), True), (_("Refused"), True)]
    return render_list(
        officer,
        title=_("Imports"),
        search=search,
        page=page,
        columns=columns,
        rows=[
            [
                {"value": row.file_name},
                {"value": row.agency.name},
                {"value": row.get_kind_display()},
                {"moment": row.at},
                {"value": row.by or "–"},
                {"value": row.get_state_display()},
                {"number": row.counts.get("read")},
                {"number": row.counts.get("refused")},
            ]
            for row in page
        ],
    )


def page_of(request: HttpRequest, rows: QuerySet[Any]) -> Any:
    return Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))


def render_list(
    officer: Officer,
    *,
    title: str,
    page: Any,
    columns: list[tuple[str, bool]],
    rows: list[list[Cell]],
    lead: str = "",
    search: Any = None,
    add: tuple[str, str] | None = None,
    empty: tuple[str, str] | None = None,
) -> HttpResponse:
    """A list with its filters: `columns` are heading and whether it holds numbers, `add` address and label of a button.

    `empty` says instead of the usual words that there is nothing.
    """
    count = page.paginator.count
    context = {
        "title": title,
        "lead": lead,
        "tabs": tabs(officer),
        "search": search,
        "problems": search.problems() if search else [],
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "lines": ngettext("%(lines)s line", "%(lines)s lines", count) % {"lines": count},
        "columns": [{"label": label, "numeric": numeric} for label, numeric in columns],
        "rows": rows,
        "add": {"url": add[0], "label": add[1]} if add else None,
        "empty": {"title": empty[0], "text": empty[1]} if empty else None,
    }
    return render(officer.request, "people/operator/list.html", context)


def render_form(
    officer: Officer, form: Form, *, title: str, back: tuple[str, str], note: str = "", action: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "note": note,
        "action": action or _("Save"),
        "back_url": back[0],
        "crumbs": crumbs(back, title),
    }
    return render(officer.request, "people/operator/form.html", context, status=422 if form.errors else 200)


def crumbs(*way: tuple[str, str] | str) -> list[Cell]:
    return [
        {"label": _("Administration"), "url": reverse("operator")},
        *({"label": one} if isinstance(one, str) else {"url": one[0], "label": one[1]} for one in way),
    ]


def tabs(officer: Officer) -> list[Cell]:
    """The lists that the reader may open."""
    lists = [("operator_changes", _("Changes")), ("operator_accesses", _("Accesses"))]
    if officer.kind == OPERATOR:
        lists = [
            ("operator_agencies", _("Agencies")),
            ("operator_groups", _("Groups")),
            ("operator_roles", _("Roles")),
            ("operator_imports", _("Imports")),
            ("operator_certificates", _("Unpublished certificates")),
            ("runs_certificates", _("Certificates by run")),
            ("operator_numbers", _("Check of numbers")),
            *lists,
        ]
    here = officer.request.path
    return [{"url": reverse(name), "label": label, "current": reverse(name) == here} for name, label in lists]
