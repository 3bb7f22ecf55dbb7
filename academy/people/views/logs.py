"""The logs: who changed what, and who looked at whom. For operators, and for data protection officers in their scope."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _

from academy.people.gate import Officer, for_role
from academy.people.models import AccessLog, ChangeLog, Role
from academy.people.operator_forms import LogSearch
from academy.people.views.log_words import in_one_line, in_words
from academy.people.views.operator import page_of, render_list

READERS = [Role.Kind.OPERATOR, Role.Kind.DATA_PROTECTION]


@for_role(READERS, "GET")
def changes(officer: Officer) -> HttpResponse:
    search = LogSearch(officer.request.GET, actions=ChangeLog.Action.choices)
    rows = ChangeLog.objects.filter(search.condition("actor", "subject"))
    if officer.kind != Role.Kind.OPERATOR:
        rows = rows.about_units(officer.units())
    page = page_of(officer.request, rows.select_related("actor", "subject", "unit__agency"))
    columns = [_("Moment"), _("By"), _("Action"), _("About"), _("Work unit"), _("Detail")]
    return render_list(
        officer,
        title=_("Changes"),
        lead=_("Every change of people, units and roles, newest first."),
        search=search,
        page=page,
        columns=[(label, False) for label in columns],
        rows=[
            [
                {"moment": each["line"].at},
                {"value": each["line"].actor or _("a command")},
                {"value": each["what"]},
                {"value": each["line"].subject or "–"},
                {"value": each["line"].unit or "–"},
                {"value": in_one_line(each["parts"])},
            ]
            for each in in_words(page)
        ],
    )


@for_role(READERS, "GET")
def accesses(officer: Officer) -> HttpResponse:
    search = LogSearch(officer.request.GET, actions=AccessLog.Action.choices)
    rows = AccessLog.objects.filter(search.condition("person", "subject"))
    if officer.kind != Role.Kind.OPERATOR:
        units = officer.units()
        rows = rows.filter(Q(subject__unit__in=units) | Q(person__unit__in=units))
    page = page_of(officer.request, rows.select_related("person", "subject"))
    columns = [_("Moment"), _("Reader"), _("Action"), _("About"), _("Scope"), _("Detail")]
    return render_list(
        officer,
        title=_("Accesses"),
        lead=_("Who opened another person's page or took a report along, newest first."),
        search=search,
        page=page,
        columns=[(label, False) for label in columns],
        rows=[
            [
                {"moment": each["line"].at},
                {"value": each["line"].person},
                {"value": each["what"]},
                {"value": each["line"].subject or "–"},
                {"value": each["line"].scope},
                {"value": in_one_line(each["parts"])},
            ]
            for each in in_words(page)
        ],
    )
