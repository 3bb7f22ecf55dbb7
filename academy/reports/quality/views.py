"""The pages and files of quality, for who writes the courses of an organiser. Courses of others do not exist."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from academy.people.gate import Officer, for_role
from academy.people.models import Organiser
from academy.reports import documents, reading
from academy.reports.answering import answered
from academy.reports.files import FORMATS, Circumstances, in_words
from academy.reports.inquiry import away
from academy.reports.quality import counting, pages, tables
from academy.reports.quality.measures import FEWEST_PEOPLE
from academy.reports.quality.selection import QualitySearch, Selection, selected, shape_of
from academy.reports.tables import Table
from courses.models import Course, Run
from courses.trainers import WRITERS, organisers_of

LINES_PER_PAGE = 50
Args = ParamSpec("Args")
View = Callable[Concatenate[Officer, Args], HttpResponseBase]


def within_limit(view: View[Args]) -> View[Args]:
    """What takes longer than REPORTS_SECONDS is given up: fewer people have to be chosen."""

    @wraps(view)
    def limited(officer: Officer, /, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
        try:
            return view(officer, *args, **kwargs)
        except reading.TooLong:
            return render(officer.request, "reports/quality/too_large.html", {"crumbs": pages.crumbs()}, status=422)
        except reading.Away:
            return away(officer.request)

    return limited


def _organisers(officer: Officer) -> QuerySet[Organiser]:
    return organisers_of(officer.person, at=officer.at, kinds=WRITERS)


def _course(officer: Officer, key: str) -> Course:
    """One of one's own organisers; those of others do not exist."""
    own = Course.objects.filter(organiser__in=_organisers(officer)).select_related("organiser")
    found: Course = get_object_or_404(own, key=key)
    return found


@for_role(WRITERS, "GET")
@within_limit
def courses(officer: Officer) -> HttpResponseBase:
    """The own courses, and how far their people got in a year."""
    own, years, year, problems = _asked(officer)
    page = Paginator(own, LINES_PER_PAGE).get_page(officer.request.GET.get("page"))
    with reading.limited(settings.REPORTS_SECONDS):
        table = _courses_table(list(page), year)
    query = urlencode({"tahun": year or ""})
    context = {
        "problems": problems,
        "as_of": in_words(officer.at),
        "selects": [_year_select(years, year)],
        "summary": str(year or _("All years")),
        "table": pages.shown(
            table,
            lambda word: f"{reverse('quality_courses_file', args=[word])}?{query}",
            links=lambda column, line: (
                f"{reverse('quality_course', args=[line.refs['key']])}?{query}" if column.key == "title" else ""
            ),
        ),
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
        "crumbs": pages.crumbs(),
    }
    return render(officer.request, "reports/quality/courses.html", context)


@for_role(WRITERS, "GET")
@within_limit
def courses_file(officer: Officer, word: str) -> HttpResponseBase:
    own, _years, year, problems = _asked(officer)
    if problems:
        return _refused(officer, problems, reverse("quality_courses"), status=400)
    organisers = list(_organisers(officer))
    with reading.limited(settings.REPORTS_SECONDS):
        table = _courses_table(list(own), year)
    scope = "; ".join(one.short_name for one in organisers)
    filters = [(_("Year"), str(year) if year else _("All years"))]
    return answered(
        table,
        Circumstances(scope=scope, filters=filters, as_of=officer.at),
        FORMATS[word],
        by=officer.person,
        at=officer.at,
        chosen={"tahun": str(year)} if year else {},
        units=[one.unit_id for one in organisers],
        year=year,
    )


def _asked(officer: Officer) -> tuple[QuerySet[Course], list[int], int | None, list[str]]:
    """The own courses, the years of their runs, the year asked for (the newest one without asking), and what is wrong."""
    own = Course.objects.filter(organiser__in=_organisers(officer)).order_by("title", "pk")
    years = list(Run.objects.filter(course__in=own).order_by("-year").values_list("year", flat=True).distinct())
    asked = officer.request.GET.get("tahun")
    if asked is None:
        return own, years, years[0] if years else None, []
    year = next((year for year in years if str(year) == asked), None)
    problems = [_("There are no runs of that year; all years are shown.")] if asked and year is None else []
    return own, years, year, problems


def _courses_table(shown: list[Course], year: int | None) -> Table:
    keys = Course.objects.filter(pk__in=[course.pk for course in shown])
    return tables.courses(shown, counting.reached_by_course(keys, year=year))


def _year_select(years: list[int], year: int | None) -> dict[str, Any]:
    return {
        "id": "tahun",
        "name": "tahun",
        "label": _("Year"),
        "short": True,
        "options": [
            {"value": "", "label": _("All years"), "selected": year is None},
            *({"value": str(one), "label": str(one), "selected": one == year} for one in years),
        ],
    }


@for_role(WRITERS, "GET")
@within_limit
def course(officer: Officer, course_key: str) -> HttpResponseBase:
    """Funnel, scores, attempts and questions of one course; of fewer than five people nothing but their number."""
    row = _course(officer, course_key)
    with reading.limited(settings.REPORTS_SECONDS):
        shape = shape_of(row)
        search = QualitySearch(officer.request.GET.dict(), shape)
        selection = selected(search, row, shape)
        counts = counting.reached(selection)
        is_small = counts.enrolled < FEWEST_PEOPLE
        context = {
            "course": row,
            "problems": search.problems(),
            "as_of": in_words(officer.at),
            "scope": row.organiser.short_name,
            "summary": selection.summary(),
            "selects": pages.selects(search, selection),
            "notes": pages.notes(counts, selection),
            "is_small": is_small,
            "tables": [],
            "crumbs": pages.crumbs(row.title),
        }
        if not is_small:
            context |= _whole(officer, selection, counts)
    return render(officer.request, "reports/quality/course.html", context)


def _whole(officer: Officer, selection: Selection, counts: counting.Reached) -> dict[str, Any]:
    tries = counting.tries(selection)
    steps = tables.steps(selection, counts, counting.done(selection), tried=tries.people)
    funnel, scores, attempts = tables.funnel(steps), tables.scores(tries), tables.attempts(tries)
    questions = tables.questions(selection, counting.questions(selection))
    paginator: Paginator[Any] = Paginator(questions.lines, LINES_PER_PAGE)  # type: ignore[arg-type]
    page = paginator.get_page(officer.request.GET.get("page"))
    mark = selection.shown.pass_mark if selection.shown else None

    def files(name: str) -> Callable[[str], str]:
        args = [selection.course.key]
        return lambda word: reverse(f"quality_{name}_file", args=[*args, word]) + selection.suffix()

    is_told = tries.people >= FEWEST_PEOPLE
    return {
        "headline": pages.headline(steps),
        "figures": pages.figures(counts, tries, counting.minutes(selection), selection),
        "tables": [
            pages.shown(funnel, files("alur"), chart=pages.funnel_chart(steps, str(funnel.title))),
            pages.shown(
                scores, files("nilai"), chart=pages.score_chart(tries, str(scores.title), mark) if is_told else None
            ),
            pages.shown(attempts, files("percobaan")),
            pages.shown(questions, files("soal"), lines=list(page))
            | {"page": page, "numbers": paginator.get_elided_page_range(page.number)},
        ],
    }


def _funnel(selection: Selection) -> Table:
    tried = counting.tried(selection)
    return tables.funnel(tables.steps(selection, counting.reached(selection), counting.done(selection), tried=tried))


# By the word in the address of its files. Each is told of five people or more.
TABLES: dict[str, Callable[[Selection], Table]] = {
    "alur": _funnel,
    "nilai": lambda selection: tables.scores(counting.tries(selection)),
    "percobaan": lambda selection: tables.attempts(counting.tries(selection)),
    "soal": lambda selection: tables.questions(selection, counting.questions(selection)),
}


@for_role(WRITERS, "GET")
@within_limit
def course_file(officer: Officer, course_key: str, word: str, name: str) -> HttpResponseBase:
    """A file never shows more than what was asked for: filters that make no sense are refused, and so are few people."""
    row = _course(officer, course_key)
    with reading.limited(settings.REPORTS_SECONDS):
        shape = shape_of(row)
        search = QualitySearch(officer.request.GET.dict(), shape)
        selection = selected(search, row, shape)
        problems = search.problems()
        if not problems and counting.reached(selection).enrolled < FEWEST_PEOPLE:
            problems = [str(tables.TOO_FEW)]
        if problems:
            return _refused(officer, problems, reverse("quality_course", args=[row.key]), status=400)
        table, form = TABLES[name](selection), FORMATS[word]
        if form.most_lines is not None and len(table.lines) > form.most_lines:
            return _refused(
                officer, [documents.too_many(form.most_lines)], reverse("quality_course", args=[row.key]), status=422
            )
    words = dict(zip(selection.as_query(), (value for _name, value in selection.in_words()[1:]), strict=True))
    return answered(
        table,
        Circumstances(scope=row.organiser.short_name, filters=selection.in_words(), as_of=officer.at),
        FORMATS[word],
        by=officer.person,
        at=officer.at,
        chosen={"pelatihan": row.key} | {key: words[key] for key, value in selection.as_query().items() if value},
        units=[row.organiser.unit_id],
        year=selection.year,
    )


def _refused(officer: Officer, problems: list[str], back: str, *, status: int) -> HttpResponse:
    return render(officer.request, "reports/refused.html", {"problems": problems, "back": back}, status=status)
