"""Turn Markdown into the blocks of a page. Containers (`::: name argument`) become the blocks that have a shape.

Every error names the file and the line. Block ids are made from `key` and the position, so that the same text
always gives the same value.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

from academy.pages.content_files import ContentError, parse_mapping

NAMESPACE = uuid.UUID("0d5d4c3e-6f0a-5f3b-9f4e-1f6f1f8f7c11")
CONTAINER = "block"
ADDRESS = re.compile(r"^(https://|mailto:|/)", re.IGNORECASE)
# What Wagtail's rich text stores for what Markdown writes.
STORED_TAGS = {"strong": "b", "em": "i"}
IN_TEXT = {"paragraph", "heading", "bullet_list", "ordered_list", "list_item", "inline"}
INLINE = {"text", "softbreak", "hardbreak", "strong", "em", "link", "code_inline"}

Block = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where a text comes from, what its blocks may point to, and the containers it may use besides ours."""

    path: Path
    first_line: int
    key: str
    images: Mapping[str, int] = field(default_factory=dict)
    documents: Mapping[str, int] = field(default_factory=dict)
    containers: Mapping[str, ContainerReader] = field(default_factory=dict)


@dataclass(frozen=True)
class Container:
    """`raw` is the text between the two lines of colons, `line` the line of the first one."""

    source: Source
    name: str
    argument: str
    tokens: list[Token]
    raw: str
    line: int

    def error(self, problem: str, *, line: int | None = None) -> ContentError:
        return ContentError(self.source.path, line or self.line, f"::: {self.name}: {problem}")

    def needed_argument(self) -> str:
        if not self.argument:
            raise self.error("a title is missing after the name")
        return self.argument

    def html(self) -> str:
        return _html(self.tokens, self.source)

    def plain_text(self) -> str:
        """The paragraphs without any markup, an empty line between them."""
        paragraphs = []
        for token in self.tokens:
            if token.type == "inline":
                paragraphs.append(_plain(token))
            elif not token.type.startswith("paragraph"):
                raise self.error("only paragraphs may stand here", line=_line(token, self.source))
        return "\n\n".join(paragraphs)


ContainerReader = Callable[[Container], tuple[str, Any]]


def blocks_of(text: str, source: Source) -> list[Block]:
    """The value of a StreamField, as JSON data."""
    lines = text.splitlines()
    values: list[tuple[str, Any]] = []
    pending: list[Token] = []

    def finish_text() -> None:
        if pending:
            values.append(("text", _html(pending, source)))
            pending.clear()

    tokens = _parser().parse(text)
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type != f"container_{CONTAINER}_open":
            pending.append(token)
            position += 1
            continue
        finish_text()
        end = next(i for i in range(position + 1, len(tokens)) if tokens[i].type == f"container_{CONTAINER}_close")
        values.append(_read(_container(token, tokens[position + 1 : end], lines, source)))
        position = end + 1
    finish_text()
    return [
        {"type": kind, "value": value, "id": str(uuid.uuid5(NAMESPACE, f"{source.key}:{number}:{kind}"))}
        for number, (kind, value) in enumerate(values)
    ]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return parser.use(container_plugin, CONTAINER, validate=lambda _params, *_args: True)


def _container(opening: Token, inner: list[Token], lines: list[str], source: Source) -> Container:
    start, end = opening.map or [0, 0]
    name, _space, argument = opening.info.strip().partition(" ")
    container = Container(
        source=source,
        name=name,
        argument=argument.strip(),
        tokens=inner,
        raw="\n".join(lines[start + 1 : end]),
        line=source.first_line + start,
    )
    if any(token.type.startswith("container_") for token in inner):
        raise container.error("containers cannot stand in containers, or a closing line of ::: is missing")
    if not any(line.strip() == ":::" for line in lines[end : end + 1]):
        raise container.error("the closing line of ::: is missing")
    return container


def _read(container: Container) -> tuple[str, Any]:
    reader = {**CONTAINERS, **container.source.containers}.get(container.name)
    if reader is None:
        raise container.error("no such container")
    return reader(container)


def _line(token: Token, source: Source) -> int:
    return source.first_line + (token.map[0] if token.map else 0)


def _html(tokens: list[Token], source: Source) -> str:
    """Rich text as Wagtail stores it; refuses what rich text cannot hold."""
    depth = 0
    for token in tokens:
        kind = re.sub(r"_(open|close)$", "", token.type)
        if kind not in IN_TEXT:
            raise ContentError(source.path, _line(token, source), f"{kind.replace('_', ' ')}: cannot stand in a text")
        if token.type == "heading_open" and token.tag not in {"h2", "h3"}:
            raise ContentError(source.path, _line(token, source), f"{token.tag}: only ## and ### are headings here")
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if depth and kind == "paragraph":
            token.hidden = True
        if token.type == "inline":
            _check_inline(token, source)
    html: str = _parser().renderer.render(tokens, _parser().options, {})
    return html.strip()


def _check_inline(token: Token, source: Source) -> None:
    line = _line(token, source)
    if token.content.lstrip().startswith(":::"):
        raise ContentError(source.path, line, "a line of ::: closes nothing here, or lacks its name")
    for child in token.children or []:
        kind = re.sub(r"_(open|close)$", "", child.type)
        if kind not in INLINE:
            raise ContentError(source.path, line, f"{kind.replace('_', ' ')}: cannot stand in a text")
        if child.type == "link_open" and not ADDRESS.match(str(child.attrs.get("href", ""))):
            raise ContentError(
                source.path, line, f"the address {child.attrs.get('href')!r} is not https, mailto or ours"
            )
        child.tag = STORED_TAGS.get(child.tag, child.tag)


def _plain(token: Token) -> str:
    texts = {"softbreak": " ", "hardbreak": "\n"}
    return "".join(texts.get(child.type, child.content) for child in token.children or [])


def _definition(container: Container) -> tuple[str, Any]:
    return "definition", {"term": container.needed_argument(), "text": container.html()}


def _example(container: Container) -> tuple[str, Any]:
    return "example", {"title": container.argument, "text": container.html()}


def _steps(container: Container) -> tuple[str, Any]:
    tokens = container.tokens
    if not tokens or tokens[0].type != "ordered_list_open" or tokens[-1].type != "ordered_list_close":
        raise container.error("expected one numbered list and nothing else")
    if any(token.type == "ordered_list_open" and token.level == tokens[0].level for token in tokens[1:]):
        raise container.error("expected one numbered list, found several")
    items: list[list[Token]] = []
    level = tokens[0].level + 1
    for token in tokens[1:-1]:
        if token.type == "list_item_open" and token.level == level:
            items.append([])
        elif not (token.type == "list_item_close" and token.level == level):
            items[-1].append(token)
    for item in items:
        for token in item:
            token.hidden = token.hidden and token.level != level + 1  # a step is a paragraph, however tight the list
    steps = [
        {
            "type": "item",
            "value": _html(item, container.source),
            "id": str(uuid.uuid5(NAMESPACE, f"{container.source.key}:{container.line}:{number}")),
        }
        for number, item in enumerate(items)
    ]
    return "steps", {"title": container.argument, "steps": steps}


def _quote(container: Container) -> tuple[str, Any]:
    return "quote", {"text": container.plain_text(), "source": container.needed_argument()}


def _figure(container: Container) -> tuple[str, Any]:
    name = container.needed_argument()
    if name not in container.source.images:
        raise container.error(f"there is no figures/{name}")
    fields = parse_mapping(container.raw, path=container.source.path, first_line=container.line + 1)
    value = {
        "image": container.source.images[name],
        "alt": fields.text("alt"),
        "caption": fields.text("caption", ""),
        "description": fields.text("description", ""),
    }
    fields.done()
    return "figure", value


def _file(container: Container) -> tuple[str, Any]:
    name = container.needed_argument()
    if name not in container.source.documents:
        raise container.error(f"there is no files/{name}")
    fields = parse_mapping(container.raw, path=container.source.path, first_line=container.line + 1)
    value = {"title": fields.text("title"), "document": container.source.documents[name]}
    fields.done()
    return "file", value


def _table(container: Container) -> tuple[str, Any]:
    if not container.tokens or container.tokens[0].type != "table_open" or container.tokens[-1].type != "table_close":
        raise container.error("expected one table and nothing else")
    rows: list[list[str]] = []
    for token in container.tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_plain(token))
    table = {
        "data": rows,
        "cell": [],
        "mergeCells": [],
        "table_caption": "",
        "table_header_choice": "both",
        "first_row_is_table_header": True,
        "first_col_is_header": True,
    }
    return "table", {"caption": container.needed_argument(), "table": table}


CONTAINERS: dict[str, ContainerReader] = {
    "definisi": _definition,
    "contoh": _example,
    "langkah": _steps,
    "kutipan": _quote,
    "gambar": _figure,
    "berkas": _file,
    "tabel": _table,
}
