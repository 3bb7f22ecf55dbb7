"""Read content kept as files: YAML, and Markdown with YAML front matter. Every error names the file and the line."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

FENCE = "---"
DEEPEST = 12
MOST_PARTS = 20_000  # about 400 questions
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same in C, where it is there: ten times as fast
MOST = 32_767  # what a small number in the database holds
# What no database or page can hold: control characters and halves of a character.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
KINDS: dict[type, Promise] = {
    str: gettext_lazy("a text"),
    int: gettext_lazy("a whole number"),
    bool: gettext_lazy("true or false"),
    date: gettext_lazy("a day such as 2026-11-01"),
    list: gettext_lazy("a list"),
    dict: gettext_lazy("lines of `name: value`"),
}
T = TypeVar("T")


class ContentError(Exception):
    """Something in a content file is wrong; the text begins with `file:line:`."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")
        self.path, self.line, self.problem = path, line, problem


class Fields:
    """A YAML mapping whose fields are taken one by one; `done()` refuses what nobody asked for."""

    def __init__(self, path: Path, line: int, values: dict[str, Any], lines: dict[str, int]) -> None:
        self.path, self.line = path, line
        self._values, self._lines, self._taken = values, lines, set[str]()

    def line_of(self, name: str) -> int:
        return self._lines.get(name, self.line)

    def error(self, name: str, problem: str) -> ContentError:
        return ContentError(self.path, self.line_of(name), f"{name}: {problem}")

    def _take(self, name: str, kind: type[T], default: T | None) -> T:
        self._taken.add(name)
        value = self._values.get(name, default)
        if value is None:
            raise self.error(name, _("is missing"))
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(
                name, _("expected %(kind)s, found %(value)s") % {"kind": KINDS[kind], "value": f"{value!r:.80}"}
            )
        return value

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str | None = None, *, longest: int | None = None) -> str:
        """A text without spaces at its ends; not empty unless `default` is."""
        value = self._take(name, str, default).strip()
        if not value and default is None:
            raise self.error(name, _("is empty"))
        if UNSTORABLE.search(value):
            raise self.error(name, _("has a character that no text may hold"))
        if longest is not None and len(value) > longest:
            raise self.error(
                name,
                _("has %(length)d characters, at most %(longest)d fit") % {"length": len(value), "longest": longest},
            )
        return value

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise self.error(
                name, _("%(value)s is none of %(choices)s") % {"value": f"{value!r:.80}", "choices": ", ".join(choices)}
            )
        return value

    def number(self, name: str, default: int | None = None, *, least: int = 0) -> int:
        value = self._take(name, int, default)
        if value < least:
            raise self.error(name, _("%(value)d is less than %(least)d") % {"value": value, "least": least})
        if value > MOST:
            raise self.error(name, _("is more than %(most)d") % {"most": MOST})
        return value

    def decimal(self, name: str) -> float | None:
        """A number that may be missing."""
        self._taken.add(name)
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MOST or math.isnan(value):
            raise self.error(name, _("expected a number, found %(value)s") % {"value": f"{value!r:.80}"})
        return float(value)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        return self._take(name, bool, default)

    def day(self, name: str) -> date:
        value = self._take(name, date, None)
        if isinstance(value, datetime):
            raise self.error(name, _("expected a day without a time"))
        return value

    def texts(self, name: str, default: list[str] | None = None) -> list[str]:
        values = self._take(name, list, default)
        if not all(isinstance(value, str) for value in values):
            raise self.error(name, _("expected a list of texts"))
        if any(UNSTORABLE.search(value) for value in values):
            raise self.error(name, _("has a character that no text may hold"))
        return [value.strip() for value in values]

    def mapping(self, name: str) -> Fields:
        values = self._take(name, dict, None)
        return Fields(self.path, self.line_of(name), values, {})

    def mappings(self, name: str) -> list[Fields]:
        values = self._take(name, list, None)
        if not all(isinstance(value, dict) for value in values):
            raise self.error(name, _("expected a list whose items are lines of `name: value`"))
        return [Fields(self.path, self.line_of(name), value, {}) for value in values]

    def done(self) -> None:
        for name in self._values:
            if name not in self._taken:
                raise self.error(name, _("is not known here"))


@dataclass(frozen=True)
class MarkdownFile:
    """`first_line` is the line of the file on which `text` begins."""

    path: Path
    fields: Fields
    text: str
    first_line: int


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ContentError(path, 1, _("there is no such file")) from None
    except UnicodeDecodeError as error:
        raise ContentError(path, 1, _("is not UTF-8 text")) from error


def read_mapping(path: Path) -> Fields:
    return parse_mapping(read_text(path), path=path, first_line=1)


def parse_mapping(text: str, *, path: Path, first_line: int) -> Fields:
    node, construct = _compose(text, path=path, first_line=first_line)
    return _fields(node, construct, path=path, first_line=first_line)


def read_mappings(path: Path) -> list[Fields]:
    """A file that holds a list of mappings."""
    node, construct = _compose(read_text(path), path=path, first_line=1)
    if not isinstance(node, yaml.SequenceNode):
        raise ContentError(path, 1, _("expected a list"))
    return [_fields(item, construct, path=path, first_line=1) for item in node.value]


def read_markdown(path: Path) -> MarkdownFile:
    """A Markdown file that begins with YAML between two lines of `---`."""
    lines = read_text(path).splitlines()
    if not lines or lines[0].strip() != FENCE:
        raise ContentError(path, 1, _("the file must begin with a line of %(fence)s") % {"fence": FENCE})
    for end, line in enumerate(lines[1:], start=1):
        if line.strip() == FENCE:
            fields = parse_mapping("\n".join(lines[1:end]), path=path, first_line=2)
            return MarkdownFile(path, fields, "\n".join(lines[end + 1 :]) + "\n", end + 2)
    raise ContentError(path, 1, _("the front matter has no closing line of %(fence)s") % {"fence": FENCE})


def _compose(text: str, *, path: Path, first_line: int) -> tuple[yaml.Node | None, Any]:
    try:
        _refuse_tricks(text, path=path, first_line=first_line)
        loader = LOADER(text)
        return loader.get_single_node(), loader
    except yaml.MarkedYAMLError as error:
        line = min(error.problem_mark.line, text.count("\n")) if error.problem_mark else 0
        raise ContentError(path, first_line + line, _not_yaml()) from error
    except yaml.YAMLError as error:
        raise ContentError(path, first_line, _not_yaml()) from error


def _not_yaml() -> str:
    return _("is not YAML: look at colons, quotes and indentation here")


def _refuse_tricks(text: str, *, path: Path, first_line: int) -> None:
    """Names for parts that may be repeated without end, kinds of our own, and nesting that would fill the stack.

    Looks at one event after the other, so that nothing is built of what is refused.
    """
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=LOADER)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        problem = ""
        if getattr(event, "anchor", None):
            problem = _("& and * have no place here")
        elif getattr(event, "tag", None):
            problem = _("! has no place here")
        elif depth > DEEPEST:
            problem = _("is nested too deeply")
        elif number > MOST_PARTS:
            problem = _("has too many parts")
        if problem:
            line = event.start_mark.line if event.start_mark else 0
            raise ContentError(path, first_line + line, problem)


def _fields(node: yaml.Node | None, loader: Any, *, path: Path, first_line: int) -> Fields:
    if not isinstance(node, yaml.MappingNode):
        raise ContentError(
            path, first_line + (node.start_mark.line if node else 0), _("expected lines of `name: value`")
        )
    lines: dict[str, int] = {}
    for name, _value in node.value:
        if not isinstance(name.value, str):
            raise ContentError(path, first_line + name.start_mark.line, _("expected lines of `name: value`"))
        if name.value in lines:
            raise ContentError(
                path, first_line + name.start_mark.line, _("%(name)s: stands here twice") % {"name": name.value}
            )
        lines[name.value] = first_line + name.start_mark.line
    try:
        values = loader.construct_mapping(node, deep=True)
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise ContentError(path, first_line + node.start_mark.line, _not_yaml()) from error
    return Fields(path, first_line + node.start_mark.line, {str(key): value for key, value in values.items()}, lines)
