"""Of one course, which enrolments are looked at: year, edition, run, as they stand in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from academy.people.operator_forms import ListSearch
from courses.models import Course, EditionActivity, Enrolment, Run
from courses.models.edition import ActivityKind


@dataclass(frozen=True)
class Activity:
    """An activity of the edition that is shown; `key` is that of progress."""

    key: UUID
    number: str
    title: str
    is_quiz: bool
    is_post_test: bool

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


@dataclass(frozen=True)
class EditionShape:
    """An edition as this page needs it. `pass_mark` is that of its post-test, None without one."""

    pk: int
    number: str
    sequential: bool
    activities: tuple[Activity, ...]
    pass_mark: Decimal | None


@dataclass(frozen=True)
class Shape:
    """What a course consists of: its editions, the newest first, and its runs, the newest first.

    `quizzes` are those of every edition, by their stable key, as the newest one calls them; `served` tells of each quiz
    of an edition, by its primary key, the stable key and how many questions an attempt at it has.
    """

    editions: tuple[EditionShape, ...]
    runs: tuple[Run, ...]
    quizzes: Mapping[UUID, Activity]
    served: Mapping[int, tuple[UUID, int]]

    @property
    def years(self) -> list[int]:
        return sorted({run.year for run in self.runs}, reverse=True)

    @property
    def post_tests(self) -> list[int]:
        """The primary keys of the post-tests of all editions."""
        return [pk for pk, (key, _asked) in self.served.items() if self.quizzes[key].is_post_test]


def shape_of(course: Course) -> Shape:
    """Two queries, however many editions and runs there are."""
    runs = Run.objects.filter(course=course).order_by("-year", "-number", "pk")
    activities = (
        EditionActivity.objects.filter(edition__course=course)
        .select_related("edition")
        .only(
            *("activity", "number", "kind", "title", "is_post_test", "pass_mark", "question_count"),
            *("edition__major", "edition__minor", "edition__sequential"),
        )
        .order_by("-edition__major", "-edition__minor", "position")
    )
    by_edition: dict[int, list[EditionActivity]] = {}
    for one in activities:
        by_edition.setdefault(one.edition_id, []).append(one)
    quizzes: dict[UUID, Activity] = {}
    served = {}
    for of_edition in by_edition.values():
        for one in of_edition:
            if one.kind == ActivityKind.QUIZ:
                quizzes.setdefault(one.activity, _activity(one))
                served[one.pk] = (one.activity, one.question_count or 0)
    return Shape(tuple(map(_edition, by_edition.values())), tuple(runs), quizzes, served)


def _activity(row: EditionActivity) -> Activity:
    return Activity(row.activity, row.number, row.title, row.kind == ActivityKind.QUIZ, row.is_post_test)


def _edition(rows: Sequence[EditionActivity]) -> EditionShape:
    edition = rows[0].edition
    marks = [row.pass_mark for row in rows if row.is_post_test and row.pass_mark is not None]
    return EditionShape(
        pk=edition.pk,
        number=edition.number,
        sequential=edition.sequential,
        activities=tuple(map(_activity, rows)),
        pass_mark=marks[-1] if marks else None,
    )


class QualitySearch(ListSearch):
    """In the address. Without `tahun` it is the newest year of the course; left empty it means every year."""

    tahun = forms.TypedChoiceField(
        coerce=int, required=False, empty_value=None, label=pgettext_lazy("quality", "Year of the run")
    )
    edisi = forms.TypedChoiceField(coerce=int, required=False, empty_value=None, label=gettext_lazy("Edition"))
    angkatan = forms.TypedChoiceField(coerce=int, required=False, empty_value=None, label=gettext_lazy("Run"))

    def __init__(self, data: Mapping[str, Any], shape: Shape) -> None:
        given = {name: data[name] for name in ("tahun", "edisi", "angkatan") if name in data}
        if "tahun" not in given and shape.years:
            given["tahun"] = str(shape.years[0])
        super().__init__(given)
        choices: dict[str, list[tuple[Any, str]]] = {
            "tahun": [(year, str(year)) for year in shape.years],
            "edisi": [(edition.pk, edition.number) for edition in shape.editions],
            "angkatan": [(run.pk, run.name) for run in shape.runs],
        }
        for name, found in choices.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", _("All")), *found]


@dataclass(frozen=True)
class Selection:
    """`shown` is the edition whose activities are listed: the one chosen, or else the newest; None without any.

    A run decides about its year.
    """

    course: Course
    shape: Shape
    year: int | None
    edition: EditionShape | None
    run: Run | None

    @property
    def shown(self) -> EditionShape | None:
        return self.edition or next(iter(self.shape.editions), None)

    @property
    def runs(self) -> list[int]:
        """The keys of the runs that are looked at. Their index leads to the enrolments; `course` has none."""
        if self.run:
            return [self.run.pk]
        return [run.pk for run in self.shape.runs if self.year in {None, run.year}]

    def enrolments(self) -> QuerySet[Enrolment]:
        """Those who left included."""
        rows: QuerySet[Enrolment] = Enrolment.objects.filter(run__in=self.runs)
        return rows.filter(edition=self.edition.pk) if self.edition else rows

    def in_words(self) -> list[tuple[str, str]]:
        """For the files: every filter, set or not."""
        return [
            (_("Course"), self.course.title),
            (str(QualitySearch.base_fields["tahun"].label), str(self.year) if self.year else _("All")),
            (_("Edition"), self.edition.number if self.edition else _("All")),
            (_("Run"), self.run.name if self.run else _("All")),
        ]

    def summary(self) -> str:
        runs = _("runs of %(year)s") % {"year": self.year} if self.year else _("all runs")
        edition = _("edition %(number)s") % {"number": self.edition.number} if self.edition else _("all editions")
        return f"{self.run.name if self.run else runs}, {edition}"

    def as_query(self) -> dict[str, str]:
        """The filters as they stand in an address."""
        return {
            "tahun": str(self.year or ""),
            "edisi": str(self.edition.pk if self.edition else ""),
            "angkatan": str(self.run.pk if self.run else ""),
        }

    def suffix(self) -> str:
        return f"?{urlencode(self.as_query())}"


def selected(search: QualitySearch, course: Course, shape: Shape) -> Selection:
    """What makes no sense in the address is left out; `search.problems()` says so."""
    chosen = search.chosen()
    run = next((run for run in shape.runs if run.pk == chosen["angkatan"]), None)
    return Selection(
        course=course,
        shape=shape,
        year=run.year if run else chosen["tahun"],
        edition=next((edition for edition in shape.editions if edition.pk == chosen["edisi"]), None),
        run=run,
    )
