"""Finding a unit or a person among very many, without a script: search by words, or go down the tree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Length, Substr
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render

from academy.people import nip
from academy.people.gate import Officer
from academy.people.models import Person, WorkUnit
from academy.people.scope import topmost_units
from academy.people.views.asking import Crumbs, searched

MOST_ROWS = 50


def chosen_unit(officer: Officer, units: QuerySet[WorkUnit], name: str = "unit") -> WorkUnit | None:
    """The unit named in the address, one of `units`; None if none is. Others do not exist."""
    pk = number_in_address(officer, name)
    return get_object_or_404(units.select_related("agency"), pk=pk) if pk is not None else None


def number_in_address(officer: Officer, name: str) -> int | None:
    text = officer.request.GET.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Http404
    return int(text)


def choose_unit(
    officer: Officer,
    units: QuerySet[WorkUnit],
    *,
    title: str,
    lead: str,
    crumbs: Crumbs,
    back: str,
    agency_id: int | None = None,
    keep: dict[str, str] | None = None,
    others: Sequence[dict[str, str]] = (),
) -> HttpResponse:
    """A page on which one of `units` is chosen: its links come back to this address with `unit`.

    `agency_id` limits the beginning of the tree to one agency; `keep` is repeated in every link; `others` are rows
    above the units.
    """
    keep = keep or {}
    search = searched(officer.request.GET.get("q", ""))
    below = chosen_unit(officer, officer.units(), "di")
    if search:
        found = units.filter(named(search))
    elif below:
        found = units.filter(path__startswith=below.path, depth=below.depth + 1)
    else:
        top = topmost_units(officer.person, kind=officer.kind, at=officer.at)
        top = [unit for unit in top if agency_id in {None, unit.agency_id}]
        found = units.filter(pk__in=[unit.pk for unit in top])
        if len(top) == 1:  # with those directly below, which saves a step
            found = units.filter(path__startswith=top[0].path, depth__lte=top[0].depth + 1)
    rows = list(found[: MOST_ROWS + 1])
    ways = ways_to(rows)
    context = {
        "title": title,
        "lead": lead,
        "crumbs": crumbs,
        "back": back,
        "search": search,
        "below": below,
        "hidden": list(keep.items()),
        "others": () if search or below else others,
        "rows": [
            {
                "title": unit.name,
                "meta": ways[unit.pk],
                "url": "?" + urlencode(keep | {"unit": unit.pk}),
                "down": "?" + urlencode(keep | {"di": unit.pk}) if unit.numchild else "",
            }
            for unit in rows[:MOST_ROWS]
        ],
        "more": len(rows) > MOST_ROWS,
        "most": MOST_ROWS,
    }
    return render(officer.request, "people/desk/choose_unit.html", context)


def choose_person(
    officer: Officer, *, title: str, lead: str, crumbs: Crumbs, back: str, keep: dict[str, str]
) -> HttpResponse:
    """A page on which somebody active in the scope is chosen by name or NIP."""
    search = searched(officer.request.GET.get("q", ""))
    rows: list[Person] = []
    if search:
        people = officer.people().filter(called(search), is_active=True).select_related("unit")
        rows = list(people.order_by("name", "pk")[: MOST_ROWS + 1])
    context = {
        "title": title,
        "lead": lead,
        "crumbs": crumbs,
        "back": back,
        "search": search,
        "hidden": list(keep.items()),
        "rows": [
            {
                "title": person.full_name,
                "nip": nip.grouped(person.nip or ""),
                "unit": person.unit,
                "url": "?" + urlencode(keep | {"pegawai": person.pk}),
            }
            for person in rows[:MOST_ROWS]
        ],
        "more": len(rows) > MOST_ROWS,
        "most": MOST_ROWS,
    }
    return render(officer.request, "people/desk/choose_person.html", context)


def named(search: str) -> Q:
    """Every word stands in the name of the unit."""
    condition = Q()
    for word in search.split():
        condition &= Q(name__icontains=word)
    return condition


def called(search: str, prefix: str = "") -> Q:
    """Every word stands in the name of the person, or the digits are a part of the NIP."""
    digits = nip.normalise(search)
    if digits.isascii() and digits.isdigit():
        return Q(**{f"{prefix}nip__contains": digits})
    condition = Q()
    for word in search.split():
        condition &= Q(**{f"{prefix}name__icontains": word})
    return condition


def way_down(units: QuerySet[WorkUnit], unit: WorkUnit) -> list[WorkUnit]:
    """Those of `units` on the way to `unit`, which is the last."""
    return list(units.filter(path__in=WorkUnit.paths_to(unit.path)).order_by("path"))


def ways_to(units: Sequence[WorkUnit]) -> dict[int, str]:
    """For each unit the names of those above it, in one query: Pemerintah Kab. Kupang / Dinas Kesehatan."""
    paths = {path for unit in units for path in WorkUnit.paths_to(unit.path)[:-1]}
    names = dict(WorkUnit.objects.filter(path__in=paths).values_list("path", "name")) if paths else {}
    return {unit.pk: " / ".join(names[path] for path in WorkUnit.paths_to(unit.path)[:-1]) for unit in units}


def people_per_branch(units: Sequence[WorkUnit]) -> dict[int, int]:
    """For each unit how many active people work in it and below it, in one query that groups by the path."""
    if not units:
        return {}
    active: QuerySet[Any] = Person.objects.filter(is_active=True).order_by()
    lengths = {len(unit.path) for unit in units}
    if len(lengths) == 1:  # brothers and sisters: the beginning of the path says below whom
        length = lengths.pop()
        active = active.annotate(branch=Substr("unit__path", 1, length), length=Length("unit__path"))
        active = active.filter(branch__in=[unit.path for unit in units], length__gte=length)
        counts = dict(active.values("branch").annotate(people=Count("pk")).values_list("branch", "people"))
        return {unit.pk: counts.get(unit.path, 0) for unit in units}
    below = Q()
    for unit in units:
        below |= Q(unit__path__startswith=unit.path)
    sums: Counter[str] = Counter()
    for path, people in active.filter(below).values_list("unit__path").annotate(people=Count("pk")):
        for length in lengths:
            if len(path) >= length:
                sums[path[:length]] += people
    return {unit.pk: sums[unit.path] for unit in units}
