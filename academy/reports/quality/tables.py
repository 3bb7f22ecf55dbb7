"""The tables of quality: funnel, scores, attempts, questions, and the list of courses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from academy.reports.columns import Column, Kind, percentage
from academy.reports.quality.counting import Question, Reached, Tries
from academy.reports.quality.measures import (
    BANDS,
    EASY,
    FEWEST_ANSWERS,
    FEWEST_PEOPLE,
    HARD,
    WEAK,
    in_bands,
)
from academy.reports.quality.selection import Selection
from academy.reports.tables import MadeLines, Table
from courses.models import Course

PEOPLE = Column("people", pgettext_lazy("quality column", "People"), Kind.INTEGER)
FUNNEL_COLUMNS = (
    Column("step", pgettext_lazy("quality column", "Step"), width=48),
    PEOPLE,
    Column("share", pgettext_lazy("quality column", "Of those enrolled (%)"), Kind.PERCENT),
    Column("stopped", pgettext_lazy("quality column", "Stopped before it"), Kind.INTEGER),
    Column("stopped_share", pgettext_lazy("quality column", "Of the step before (%)"), Kind.PERCENT),
)
COUNTED = Column("people", pgettext_lazy("quality column", "People"), Kind.INTEGER, totalled=True)
SHARE = Column("share", pgettext_lazy("quality column", "Of those who tried (%)"), Kind.PERCENT)
SCORE_COLUMNS = (Column("band", pgettext_lazy("quality column", "Best score"), width=24), COUNTED, SHARE)
ATTEMPT_COLUMNS = (Column("outcome", pgettext_lazy("quality column", "Outcome"), width=32), COUNTED, SHARE)
QUESTION_COLUMNS = (
    Column("text", pgettext_lazy("quality column", "Question"), width=60),
    Column("quiz", pgettext_lazy("quality column", "Test"), width=8),
    Column("answers", pgettext_lazy("quality column", "Answered"), Kind.INTEGER),
    Column("right", pgettext_lazy("quality column", "Right (%)"), Kind.PERCENT),
    Column("discrimination", pgettext_lazy("quality column", "Discrimination"), Kind.DECIMAL),
    Column("wrong", pgettext_lazy("quality column", "Wrong option chosen most"), width=48),
    Column("wrong_share", pgettext_lazy("quality column", "Chosen by (%)"), Kind.PERCENT),
    Column("reading", pgettext_lazy("quality column", "What it tells"), width=40),
)
COURSE_COLUMNS = (
    Column("title", pgettext_lazy("quality column", "Course"), width=48),
    Column("enrolled", pgettext_lazy("quality column", "Enrolled"), Kind.INTEGER, totalled=True),
    Column("begun", pgettext_lazy("quality column", "Begun (%)"), Kind.PERCENT),
    Column("finished", pgettext_lazy("quality column", "Finished (%)"), Kind.PERCENT),
    Column("certified", pgettext_lazy("quality column", "Certified (%)"), Kind.PERCENT),
)
TOO_FEW = gettext_lazy(
    "Fewer than 5 people: this is not taken apart, since its parts would be persons."
)  # the number is FEWEST_PEOPLE


@dataclass(frozen=True)
class Step:
    """`stopped`: how many of the step before did not get here; never below nothing, since an activity may be skipped."""

    label: str
    people: int
    before: int

    @property
    def stopped(self) -> int:
        return max(self.before - self.people, 0)


def steps(selection: Selection, counts: Reached, done: dict[Any, int], *, tried: int) -> list[Step]:
    """From enrolled to certified. Trying a post-test stands before passing the first of them."""
    counted = [(pgettext("quality", "Enrolled"), counts.enrolled), (pgettext("quality", "Begun"), counts.begun)]
    has_test = False
    for one in selection.shown.activities if selection.shown else ():
        if one.is_post_test and not has_test:
            counted.append((pgettext("quality", "Tried the final test"), tried))
            has_test = True
        words = pgettext("quality", "Passed: %(activity)s") if one.is_quiz else "%(activity)s"
        counted.append((words % {"activity": one}, done.get(one.key, 0)))
    counted += [
        (pgettext("quality", "Finished"), counts.finished),
        (pgettext("quality", "Certified"), counts.certified),
    ]
    before = [people for _label, people in counted]
    return [Step(label, people, last) for (label, people), last in zip(counted, [before[0], *before], strict=False)]


def biggest_drop(found: Sequence[Step]) -> tuple[Step, Step] | None:
    """The two steps between which the most people stop, the first of several; None if nobody does."""
    worst = max(pairwise(found), key=lambda pair: pair[1].stopped, default=None)
    return worst if worst and worst[1].stopped else None


def funnel(found: Sequence[Step]) -> Table:
    """No lines for fewer than five people."""
    whole = found[0].people
    rows = [
        {
            "step": step.label,
            "people": step.people,
            "share": percentage(step.people, whole),
            "stopped": step.stopped if place else None,
            "stopped_share": percentage(step.stopped, step.before) if place else None,
        }
        for place, step in enumerate(found)
    ]
    return Table(
        name="mutu-alur",
        title=_("From enrolment to certificate"),
        columns=FUNNEL_COLUMNS,
        lines=MadeLines(FUNNEL_COLUMNS, rows if whole >= FEWEST_PEOPLE else []),
        note=_(
            "People enrolled and not withdrawn; who repeats the course in a later run counts again. Begun = finished a lesson or began a test; "
            "passed = reached the pass mark of the test; finished = with a completion, also by attending; certified = with a published certificate in force."
        ),
    )


def scores(found: Tries) -> Table:
    rows = [
        {"band": band_in_words(place), "people": people, "share": percentage(people, found.people)}
        for place, people in enumerate(in_bands(found.best))
    ]
    return Table(
        name="mutu-nilai",
        title=_("Scores of the final test"),
        columns=SCORE_COLUMNS,
        lines=MadeLines(SCORE_COLUMNS, rows if found.people >= FEWEST_PEOPLE else []),
        note=_("The best score of each person who sent at least one attempt at the final test."),
    )


def band_in_words(place: int) -> str:
    low = place * 100 // BANDS
    if place == BANDS - 1:
        return _("%(low)d to 100") % {"low": low}
    return _("%(low)d to below %(high)d") % {"low": low, "high": low + 100 // BANDS}


def attempts(found: Tries) -> Table:
    outcomes = [
        (_("Passed with attempt %(number)d") % {"number": number}, people)
        for number, people in sorted(found.passed_with.items())
    ]
    outcomes.append((_("Not passed so far"), found.not_passed))
    rows = [
        {"outcome": words, "people": people, "share": percentage(people, found.people)} for words, people in outcomes
    ]
    return Table(
        name="mutu-percobaan",
        title=_("Attempts until passing"),
        columns=ATTEMPT_COLUMNS,
        lines=MadeLines(ATTEMPT_COLUMNS, rows if found.people >= FEWEST_PEOPLE else []),
        note=_(
            "The number of the first attempt that reached the pass mark. An attempt that is still open does not count."
        ),
    )


def questions(selection: Selection, found: Sequence[Question]) -> Table:
    quizzes = selection.shape.quizzes
    rows = [_question(one, quizzes[one.quiz].number) for one in found]
    return Table(
        name="mutu-soal",
        title=_("Questions"),
        columns=QUESTION_COLUMNS,
        lines=MadeLines(QUESTION_COLUMNS, rows),
        note=_(
            "From the latest 5,000 attempts that were sent. Answered = answers given, blank ones not counted. Right = exactly the right options chosen. "
            "Discrimination = correlation (-1 to 1) of being right here with the score over the other questions of the attempt; from 30 answers on. "
            "For a question with fewer than 5 answers nothing is told."
        ),
    )


def _question(one: Question, quiz: str) -> dict[str, Any]:
    answers, row = one.answers, {"text": one.version.text, "quiz": quiz}
    if answers.count < FEWEST_PEOPLE:
        return row | dict.fromkeys(("answers", "right", "discrimination", "wrong", "wrong_share")) | {
            "reading": _("Fewer than 5 answers")
        }  # fmt: skip
    option, chosen = max(sorted(answers.wrong.items()), key=lambda item: item[1], default=("", 0))
    return row | {
        "answers": answers.count,
        "right": percentage(answers.right, answers.count),
        "discrimination": answers.discrimination,
        "wrong": one.texts.get(option, ""),
        "wrong_share": percentage(chosen, answers.count) if chosen else None,
        "reading": reading(one),
    }


def reading(one: Question) -> str:
    """What the numbers of a question mean for its author."""
    facility, discrimination = Decimal(str(one.answers.facility or 0)), one.answers.discrimination
    if one.answers.count < FEWEST_ANSWERS:
        return _("Not enough answers yet for the discrimination")
    if discrimination is not None and discrimination < 0:
        return _("Check the key: who does well elsewhere is wrong here")
    if facility < HARD:
        return _("Hard: few know it")
    if facility > EASY:
        return _("Very easy: nearly everybody knows it")
    if discrimination is None or discrimination < WEAK:
        return _("Weak: being right here says little about the rest")
    return _("Good")


def courses(found: Sequence[Course], counts: dict[int, Reached]) -> Table:
    """Of fewer than five people only their number is told."""
    rows = []
    for course in found:
        reached = counts.get(course.pk, Reached())
        whole = reached.enrolled if reached.enrolled >= FEWEST_PEOPLE else 0
        rows.append(
            {
                "title": course.title,
                "enrolled": reached.enrolled,
                "begun": percentage(reached.begun, whole),
                "finished": percentage(reached.finished, whole),
                "certified": percentage(reached.certified, whole),
                "key": course.key,
            }
        )
    return Table(
        name="mutu",
        title=_("Quality of courses"),
        columns=COURSE_COLUMNS,
        lines=MadeLines(COURSE_COLUMNS, rows, refs=("key",)),
        note=_(
            "People enrolled and not withdrawn, in the runs of the year; shares are of those enrolled. Of fewer than 5 people only their number is told."
        ),
    )
