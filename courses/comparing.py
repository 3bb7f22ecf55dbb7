"""Two contents of a course side by side, as their readers see them: line by line, and in a changed line word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import zip_longest
from posixpath import basename

from django.utils.translation import gettext as _

from courses.content import ActivityContent, CourseContent, QuestionContent, validity_text
from courses.models import EditionActivity
from courses.outline import render_blocks

# These begin a line of their own; everything else flows.
BLOCKS = frozenset(
    [
        *("p", "li", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "th", "td", "caption", "figcaption"),
        *("blockquote", "summary", "div", "section", "aside", "figure", "pre"),
    ]
)
WORDS = re.compile(r"\S+\s*")
LINES_AROUND = 1  # unchanged lines shown before and after a change


@dataclass(frozen=True)
class Piece:
    """Some words of a line, and whether the other side lacks them."""

    text: str
    is_changed: bool


@dataclass(frozen=True)
class Row:
    """A line on both sides; nothing on a side that lacks it. A gap stands for equal lines left out."""

    before: tuple[Piece, ...] = ()
    after: tuple[Piece, ...] = ()
    is_gap: bool = False


@dataclass(frozen=True)
class Comparison:
    """What changed in one activity, or in what stands above all of them."""

    label: str
    title: str
    rows: tuple[Row, ...]


def compare(old: CourseContent | None, new: CourseContent) -> list[Comparison]:
    """One comparison for each activity that is new, gone or changed, in the order of `new`; the frame comes first.

    Without an `old` one, before the first edition, everything is new.
    """
    before = {activity.activity: activity for activity in old.activities} if old else {}
    after = {activity.activity: activity for activity in new.activities}
    found = [Comparison(_("Changed"), _("Structure"), rows_of(_frame(old) if old else [], _frame(new)))]
    for key in [*after, *(key for key in before if key not in after)]:
        was, becomes = before.get(key), after.get(key)
        if was == becomes:
            continue
        shown = becomes or was
        label = _("New") if was is None else _("Removed") if becomes is None else _("Changed")
        found.append(
            Comparison(
                label,
                shown.title if shown else "",
                rows_of(lines_of(was) if was else [], lines_of(becomes) if becomes else []),
            )
        )
    return [comparison for comparison in found if comparison.rows]


def rows_of(old: Sequence[str], new: Sequence[str]) -> tuple[Row, ...]:
    """The lines side by side; empty if they are equal."""
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    rows: list[Row] = []
    for group in matcher.get_grouped_opcodes(LINES_AROUND):
        if rows or group[0][1] > 0:
            rows.append(Row(is_gap=True))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                rows += [Row((Piece(line, False),), (Piece(line, False),)) for line in old[i1:i2]]
            else:
                rows += [_changed(was, becomes) for was, becomes in zip_longest(old[i1:i2], new[j1:j2])]
    return tuple(rows)


def _changed(was: str | None, becomes: str | None) -> Row:
    if was is None or becomes is None:
        return Row(before=_whole(was), after=_whole(becomes))
    old, new = WORDS.findall(was), WORDS.findall(becomes)
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    sides: tuple[list[Piece], list[Piece]] = ([], [])
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        for side, words in zip(sides, (old[i1:i2], new[j1:j2]), strict=True):
            if words:
                side.append(Piece("".join(words), tag != "equal"))
    return Row(tuple(sides[0]), tuple(sides[1]))


def _whole(line: str | None) -> tuple[Piece, ...]:
    return () if line is None else (Piece(line, True),)


def _frame(content: CourseContent) -> list[str]:
    """What stands around the activities: rules, modules and the order of everything."""
    order = _("Activities go in order") if content.sequential else _("Activities in any order")
    lines = [
        content.title,
        _("%(hours)d JP") % {"hours": content.credit_hours},
        _("Pass mark %(mark)s") % {"mark": content.pass_mark.normalize()},
        order,
        _("Certificates: %(validity)s") % {"validity": validity_text(content.validity_months)},
    ]
    for number, module in enumerate(content.modules, 1):
        lines.append(_("Module %(number)d: %(title)s") % {"number": number, "title": module.title})
        lines += [module.summary] if module.summary else []
        lines += [f"{number}.{place} {activity.title}" for place, activity in enumerate(module.activities, 1)]
    return lines


def lines_of(activity: ActivityContent) -> list[str]:
    """Everything readers see of an activity, as plain lines; for those who decide, with the right options marked."""
    lines = [activity.title, activity.summary, _("%(minutes)d minutes") % {"minutes": activity.minutes}]
    if activity.question_count is not None:
        lines.append(
            _("Draws %(drawn)d questions, attempts %(attempts)s, time limit in minutes %(limit)s")
            % {
                "drawn": activity.question_count,
                "attempts": activity.max_attempts,
                "limit": activity.time_limit_minutes or "–",
            }
        )
    lines += text_lines(render_blocks(EditionActivity(body=activity.body).body))
    for question in activity.questions:
        lines += _question_lines(question)
    return [line for line in lines if line]


def _question_lines(question: QuestionContent) -> Iterator[str]:
    yield _("Question: %(text)s") % {"text": question.text}
    for text, is_right in question.options:
        yield f"{'✓' if is_right else '–'} {text}"
    yield question.explanation


def text_lines(html: str) -> list[str]:
    """The text of HTML that our block templates drew, a line for each paragraph, cell or heading."""
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    return [line for line in (" ".join(line.split()) for line in reader.lines()) if line]


class _TextReader(HTMLParser):
    """Text, with the names of images and the addresses of links, which readers meet too."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in BLOCKS:
            self._parts.append("\n")
        if tag == "img":
            self._parts.append(_image_text(values))
        elif tag == "a" and values.get("href"):
            self._parts.append(f"[{values['href']}] ")

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        self._parts.append(data.replace("\n", " "))

    def lines(self) -> Iterable[str]:
        return "".join(self._parts).split("\n")


def _image_text(values: dict[str, str | None]) -> str:
    """The alternative text and the name of the file; renditions of the same image have the same beginning."""
    name = basename(values.get("src") or "").split(".")[0]
    return _("[image %(name)s: %(text)s]") % {"name": name, "text": values.get("alt") or ""}
