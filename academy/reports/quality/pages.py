"""What the templates of quality show: figures, sentences, filters, and the tables with their charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from academy.pages import charts
from academy.pages.charts import Bar, Mark
from academy.pages.templatetags.formats import grouped, score
from academy.reports.columns import Kind, percentage, readable
from academy.reports.files import FORMATS
from academy.reports.pages import as_context
from academy.reports.quality.counting import Reached, Tries
from academy.reports.quality.measures import BANDS, FEWEST_PEOPLE, in_bands, median
from academy.reports.quality.selection import QualitySearch, Selection
from academy.reports.quality.tables import Step, biggest_drop
from academy.reports.tables import Line, Table

Cell = dict[str, Any]


def shown(
    table: Table,
    address: Callable[[str], str],
    *,
    lines: Sequence[Line] | None = None,
    links: Callable[[Any, Line], str] = lambda _column, _line: "",
    chart: charts.Chart | None = None,
) -> Cell:
    """A table with its files; its sums where there is something to sum; `lines`: a part of it."""
    files = [{"label": form.label, "url": address(word), "primary": word == "xlsx"} for word, form in FORMATS.items()]
    context = as_context(
        table, table.lines[:] if lines is None else lines, links, total_links=lambda _column: "", files=files
    )
    has_sums = any(column.totalled for column in table.columns) and len(table.lines) > 0
    return context | {"chart": chart, "totals": context["totals"] if has_sums else ()}


def figures(counts: Reached, found: Tries, minutes: float | None, selection: Selection) -> list[Cell]:
    """Five figures, each with its definition."""
    shown_edition = selection.shown
    mark = shown_edition.pass_mark if shown_edition else None
    told = found.people >= FEWEST_PEOPLE
    best = median(found.best) if told else None
    left = ngettext("%(count)s more has left", "%(count)s more have left", counts.left) % {
        "count": grouped(counts.left)
    }
    pass_mark = _("of the best scores; pass mark %(mark)s") % {"mark": score(mark)} if mark else _("of the best scores")
    first = percentage(found.passed_with[1], found.people) if told else None
    time = _("%(minutes)s minutes") % {"minutes": grouped(round(minutes))} if minutes is not None and told else "–"
    return [
        {"label": pgettext("quality", "Enrolled"), "value": grouped(counts.enrolled), "note": left},
        {
            "label": pgettext("quality", "Finished"),
            "value": readable(percentage(counts.finished, counts.enrolled), Kind.PERCENT),
            "note": _("of those enrolled: %(count)s people") % {"count": grouped(counts.finished)},
        },
        {"label": _("Median score"), "value": score(best) if best is not None else "–", "note": pass_mark},
        {
            "label": _("Passed at first try"),
            "value": readable(first, Kind.PERCENT),
            "note": _("of %(count)s people who tried the final test") % {"count": grouped(found.people)},
        },
        {"label": _("Time of an attempt"), "value": time, "note": _("median from begin to sending")},
    ]


def headline(found: Sequence[Step]) -> str:
    """Where the most people stop, in words."""
    worst = biggest_drop(found)
    if worst is None:
        return _("Nobody has stopped on the way so far.")
    before, after = worst
    words = ngettext(
        "Most people stop between “%(before)s” and “%(after)s”: %(count)s of %(whole)s who got that far (%(share)s).",
        "Most people stop between “%(before)s” and “%(after)s”: %(count)s of %(whole)s who got that far (%(share)s).",
        after.stopped,
    )
    return words % {
        "before": before.label,
        "after": after.label,
        "count": grouped(after.stopped),
        "whole": grouped(before.people),
        "share": readable(percentage(after.stopped, before.people), Kind.PERCENT),
    }


def notes(counts: Reached, selection: Selection) -> list[str]:
    """What a reader of the funnel has to know about this choice."""
    shown_edition, found = selection.shown, []
    if shown_edition is None:
        return [_("This course has no edition yet.")]
    if counts.elsewhere:
        found.append(
            _(
                "The activities are those of edition %(edition)s. %(count)s of those enrolled follow another edition: "
                "what that one has not cannot be done there. Choose an edition to look at it alone."
            )
            % {"edition": shown_edition.number, "count": grouped(counts.elsewhere)}
        )
    if not shown_edition.sequential:
        found.append(
            _("The activities may be done in any order: a later one may have more people than an earlier one.")
        )
    return found


def funnel_chart(found: Sequence[Step], title: str) -> charts.Chart:
    whole = found[0].people
    bars = [
        Bar(
            step.label,
            step.people,
            f"{grouped(step.people)} · {readable(percentage(step.people, whole), Kind.PERCENT)}",
        )
        for step in found
    ]
    return charts.rows(bars, title=title, whole=whole)


def score_chart(found: Tries, title: str, pass_mark: Decimal | None) -> charts.Chart:
    """Bands below the pass mark are quiet."""
    width = 100 // BANDS
    bars = [
        Bar(
            label=f"{place * width}–{(place + 1) * width}",
            value=people,
            text=grouped(people),
            quiet=pass_mark is not None and place * width < pass_mark,
        )
        for place, people in enumerate(in_bands(found.best))
    ]
    words = _("pass mark %(mark)s") % {"mark": score(pass_mark)} if pass_mark is not None else ""
    mark = Mark(float(pass_mark), words) if pass_mark is not None else None
    return charts.columns(bars, title=title, edges=[str(place * width) for place in range(BANDS + 1)], mark=mark)


def selects(search: QualitySearch, selection: Selection) -> list[Cell]:
    chosen = selection.as_query()
    return [
        {
            "id": name,
            "name": name,
            "label": field.label,
            "short": name != "angkatan",
            "options": [
                {"value": value, "label": label, "selected": str(value) == chosen[name]}
                for value, label in field.choices  # type: ignore[attr-defined]
            ],
        }
        for name, field in search.fields.items()
    ]


def crumbs(here: str = "") -> list[Cell]:
    way = [
        {"label": _("Authoring"), "url": reverse("wagtailadmin_home")},
        {"label": _("Quality of courses"), "url": reverse("quality_courses")},
    ]
    return [*way, {"label": here}] if here else [way[0], {"label": way[1]["label"]}]
