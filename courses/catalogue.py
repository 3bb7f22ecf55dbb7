"""The catalogue: which courses there are, searched and filtered by what stands in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.people.models import Person
from courses.models import CatalogPage, CoursePage, Edition, Enrolment, Level
from courses.outline import Outline, outline_of

SEARCH = "q"
LEVEL = "tingkat"
TOPIC = "topik"
FACETS = (TOPIC, LEVEL)
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Entry:
    """A course as the catalogue lists it. `words` is what a search looks through."""

    course_id: int
    url: str
    title: str
    credit_hours: int
    level: str
    topics: tuple[str, ...]
    outcome: str
    facts: str
    words: str

    def values_of(self, facet: str) -> tuple[str, ...]:
        return (self.level,) if facet == LEVEL else self.topics


@dataclass(frozen=True)
class Wish:
    """What the reader asks for: words, and for each facet the chosen values (none means all)."""

    search: str
    chosen: dict[str, tuple[str, ...]]

    def fits(self, entry: Entry, *, but_for: str = "") -> bool:
        return all(word in entry.words for word in self.search.casefold().split()) and all(
            not values or facet == but_for or set(values) & set(entry.values_of(facet))
            for facet, values in self.chosen.items()
        )

    def address(self, *, without: tuple[str, str]) -> str:
        """The query of the same wish without one chosen value."""
        pairs = [(SEARCH, self.search)] if self.search else []
        pairs += [(f, value) for f, values in self.chosen.items() for value in values if (f, value) != without]
        return "?" + urlencode(pairs)


def wish_of(query: QueryDict) -> Wish:
    return Wish(
        search=query.get(SEARCH, "").strip()[:LONGEST_SEARCH],
        chosen={facet: tuple(dict.fromkeys(query.getlist(facet))) for facet in FACETS},
    )


def newest_editions() -> dict[int, Edition]:
    """The newest edition of each course, by the course's primary key."""
    newest: dict[int, Edition] = {}
    for edition in Edition.objects.newest_first():
        newest.setdefault(edition.course_id, edition)
    return newest


def entries(catalog: CatalogPage, request: HttpRequest) -> list[Entry]:
    """All courses that can be taken: a published page and an edition. From basic to advanced, then by code."""
    editions = newest_editions()
    levels = list(Level.values)
    pages = CoursePage.objects.child_of(catalog).live().filter(course__in=editions, course__archived_at__isnull=True)
    return [
        _entry(page, outline_of(editions[page.course_id]), request)
        for page in sorted(
            pages.select_related("course"), key=lambda one: (levels.index(one.course.level), one.course.code)
        )
    ]


def _entry(page: CoursePage, outline: Outline, request: HttpRequest) -> Entry:
    level = str(Level(page.course.level).label)
    topics = page.topic_list()
    outcome = page.outcome_list()[0] if page.outcome_list() else ""
    facts = [level, modules_text(len(outline.modules)), minutes_text(outline.minutes), page.audience]
    words = " ".join([page.title, page.course.code, page.summary, page.outcomes, page.topics, page.audience])
    return Entry(
        course_id=page.course_id,
        url=page.get_url(request) or "",
        title=page.title,
        credit_hours=outline.credit_hours,
        level=page.course.level,
        topics=topics,
        outcome=_("You will be able to %(outcome)s.") % {"outcome": outcome} if outcome else page.summary,
        facts=" · ".join(facts),
        words=words.casefold(),
    )


def modules_text(count: int) -> str:
    return ngettext("%(count)d module", "%(count)d modules", count) % {"count": count}


def activities_text(count: int) -> str:
    return ngettext("%(count)d activity", "%(count)d activities", count) % {"count": count}


def minutes_text(count: int) -> str:
    return ngettext("%(count)d minute", "%(count)d minutes", count) % {"count": count}


def states(person: Person | AnonymousUser) -> dict[int, dict[str, str]]:
    """How far this person is in each course taken, by the course's primary key, as a state and its word."""
    if not isinstance(person, Person):
        return {}
    found: dict[int, dict[str, str]] = {}
    rows = Enrolment.objects.current().filter(person=person).order_by("enrolled_at", "pk")
    for enrolment in rows.select_related("run"):
        if enrolment.completed_at:
            state, label = "done", _("Completed")
        elif enrolment.started_at:
            state, label = "running", _("In progress")
        else:
            state, label = "todo", _("Not started")
        found[enrolment.run.course_id] = {"state": state, "state_label": label}
    return found


def catalogue_context(catalog: CatalogPage, request: HttpRequest) -> dict[str, Any]:
    """What `courses/catalog_page.html` shows."""
    everything = entries(catalog, request)
    wish = wish_of(request.GET)
    fitting = [entry for entry in everything if wish.fits(entry)]
    state_of = states(request.user)
    labels = {LEVEL: _levels(everything), TOPIC: _topics(everything)}
    legends = {LEVEL: _("Level"), TOPIC: _("Topic")}
    return {
        "lead": catalog.introduction,
        "search": wish.search,
        "filters": [
            {
                "name": facet,
                "legend": legends[facet],
                "options": [
                    {
                        "value": value,
                        "label": label,
                        "checked": value in wish.chosen[facet],
                        "count": sum(
                            wish.fits(entry, but_for=facet) and value in entry.values_of(facet) for entry in everything
                        ),
                    }
                    for value, label in labels[facet].items()
                ],
            }
            for facet in FACETS
        ],
        "active": [
            {"label": labels[facet].get(value, value), "remove_url": wish.address(without=(facet, value))}
            for facet in FACETS
            for value in wish.chosen[facet]
        ],
        "clear_url": catalog.get_url(request),
        "courses": [_row(entry, state_of.get(entry.course_id, {})) for entry in fitting],
        "count": len(fitting),
        "order": _("Ordered by level"),
    }


def _levels(everything: Iterable[Entry]) -> dict[str, str]:
    taught = {entry.level for entry in everything}
    return {value: str(label) for value, label in Level.choices if value in taught}


def _topics(everything: Iterable[Entry]) -> dict[str, str]:
    """All topics in alphabetical order, each as its own label with a capital."""
    topics = sorted({topic for entry in everything for topic in entry.topics}, key=str.casefold)
    return {topic: topic[:1].upper() + topic[1:] for topic in topics}


def _row(entry: Entry, state: dict[str, str]) -> dict[str, Any]:
    return {
        "url": entry.url,
        "title": entry.title,
        "credit_hours": entry.credit_hours,
        "outcome": entry.outcome,
        "facts": entry.facts,
        **state,
    }


def may_be_kept(request: HttpRequest) -> bool:
    """Only the catalogue itself and single filters are kept: strangers must not fill the cache with searches."""
    pairs = [(name, value) for name, values in request.GET.lists() for value in values]
    return not pairs or (len(pairs) == 1 and pairs[0] in {(LEVEL, level) for level in Level.values})
