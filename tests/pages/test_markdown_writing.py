"""Blocks become Markdown and come back the same; what cannot come back is refused by name."""

from __future__ import annotations

from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from academy.pages.markdown import Source, blocks_of
from academy.pages.markdown_writing import NotInMarkdown, markdown_of
from courses.curriculum_files import CURRICULUM, course_keys, read_course, read_legal_references

IMAGES = {7: "bagan 1.svg", 8: "b.png"}
DOCUMENTS = {3: "lembar (1).csv", 4: "film.mp4"}
LEGAL = {5: "perpres-95", 6: "uu-27"}
LESSONS = {11: "materi-2"}
SOURCE = Source(
    Path("materi.md"),
    1,
    "kunci",
    images={name: pk for pk, name in IMAGES.items()},
    documents={name: pk for pk, name in DOCUMENTS.items()},
    legal={name: pk for pk, name in LEGAL.items()},
    lessons={name: pk for pk, name in LESSONS.items()},
)


def write(blocks, **names):
    return markdown_of(blocks, **{"images": IMAGES, "documents": DOCUMENTS, "legal": LEGAL, "lessons": LESSONS} | names)


def read(text):
    return blocks_of(text, SOURCE)


# What trainers type, and what Markdown takes for its own.
WORDS = st.lists(
    st.sampled_from(
        [
            "SPBE",
            "nama_berkas",
            "*",
            "**",
            "_",
            "`",
            "``",
            "[a](b)",
            "![x]",
            "<b>",
            "&amp;",
            "&",
            "|",
            "\\",
            "!",
            "#",
            "1.",
            "2)",
            "-",
            "+",
            "---",
            "===",
            ":::",
            "::: periksa",
            "~~~",
            ">",
            "“kutip”",
            "é",
            "😀",
            "a\xa0b",
            "{{",
            "%",
            "'",
            '"',
            ": ",
            "[x]: y",
        ]
    ),
    min_size=1,
    max_size=5,
).map(" ".join)
CHARACTERS = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=20)
LINE = st.one_of(WORDS, CHARACTERS).map(str.strip).filter(bool)
TEXT = st.lists(st.lists(LINE, min_size=1, max_size=3).map("\n".join), min_size=1, max_size=3).map("\n\n".join)
INLINE = st.recursive(
    LINE.map(lambda text: escape(text, quote=False)),
    lambda inner: st.one_of(
        inner.map(lambda html: f"<b>{html}</b>" if "<b>" not in html else html),
        inner.map(lambda html: f"<i>{html}</i>" if "<i>" not in html else html),
        inner.map(
            lambda html: f'<a href="https://contoh.go.id/a_(b)?c=1&amp;d=2">{html}</a>' if "<a" not in html else html
        ),
        inner.map(lambda html: f'<a linktype="document" id="3">{html}</a>' if "<a" not in html else html),
        st.tuples(inner, st.sampled_from([" ", "", "<br/>", "<code>x|`y`</code>", " <code>kode</code> "]), inner).map(
            "".join
        ),
    ),
    max_leaves=4,
)
PARAGRAPH = INLINE.map(lambda html: f"<p>{html}</p>")
ITEMS = st.lists(INLINE.map(lambda html: f"<li>{html}</li>"), min_size=1, max_size=3).map("".join)
LISTS = st.one_of(ITEMS.map(lambda html: f"<ul>{html}</ul>"), ITEMS.map(lambda html: f"<ol>{html}</ol>"))
SHORT = st.lists(st.one_of(PARAGRAPH, LISTS), min_size=1, max_size=3).map("".join)
HEADING = LINE.map(lambda text: f"<h2>{escape(text)}</h2>")
TITLE = LINE
CELL = st.one_of(st.just(""), LINE, TEXT)


def table(rows, headings):
    return {
        "data": rows,
        "cell": [],
        "mergeCells": [],
        "table_caption": "",
        "table_header_choice": headings,
        "first_row_is_table_header": headings in {"both", "row"},
        "first_col_is_header": headings in {"both", "column"},
    }


def items(values):
    return [{"type": "item", "value": value} for value in values]


GRID = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=2, max_size=3)
)
FULL_GRID = st.integers(2, 3).flatmap(
    lambda width: st.lists(st.lists(LINE, min_size=width, max_size=width), min_size=2, max_size=3)
)
OPTION = st.fixed_dictionaries({"text": LINE, "feedback": TEXT})
VALUES = {
    "text": st.lists(st.one_of(PARAGRAPH, LISTS, HEADING), min_size=1, max_size=3).map("".join),
    "definition": st.fixed_dictionaries({"term": TITLE, "text": SHORT}),
    "term": st.fixed_dictionaries({"term": TITLE, "meaning": SHORT}),
    "example": st.fixed_dictionaries({"title": st.one_of(st.just(""), TITLE), "text": SHORT}),
    "case": st.fixed_dictionaries(
        {
            "agency": TITLE,
            "situation": SHORT,
            "action": SHORT,
            "result": SHORT,
            "question": st.one_of(st.just(""), TEXT),
        }
    ),
    "quote": st.fixed_dictionaries({"text": TEXT, "source": TITLE}),
    "figure": st.fixed_dictionaries(
        {"image": st.sampled_from([7, 8]), "alt": LINE, "caption": st.one_of(st.just(""), LINE), "description": TEXT}
    ),
    "table": st.builds(
        lambda caption, rows, headings: {"caption": caption, "table": table(rows, headings)},
        TITLE,
        GRID,
        st.sampled_from(["both", "row", "column", "neither"]),
    ),
    "comparison": st.builds(lambda caption, rows: {"caption": caption, "table": table(rows, "both")}, TITLE, FULL_GRID),
    "video": st.one_of(
        st.fixed_dictionaries(
            {
                "title": TITLE,
                "link": st.just("https://contoh.go.id/v?a=1&b=[2]"),
                "document": st.none(),
                "minutes": st.integers(1, 90),
                "size_mb": st.sampled_from([0.1, 12.0, 12.5]),
                "transcript": TEXT,
            }
        ),
        st.fixed_dictionaries(
            {
                "title": TITLE,
                "link": st.just(""),
                "document": st.just(4),
                "minutes": st.integers(1, 90),
                "size_mb": st.none(),
                "transcript": TEXT,
            }
        ),
    ),
    "file": st.fixed_dictionaries({"title": LINE, "document": st.just(3)}),
    "steps": st.builds(
        lambda title, steps: {"title": title, "steps": items(steps)},
        st.one_of(st.just(""), TITLE),
        st.lists(st.one_of(PARAGRAPH, st.tuples(PARAGRAPH, LISTS).map("".join)), min_size=1, max_size=3),
    ),
    "check": st.builds(
        lambda question, options, right: {
            "question": question,
            "options": items([{**option, "is_right": number == right} for number, option in enumerate(options)]),
        },
        TEXT,
        st.lists(OPTION, min_size=2, max_size=6),
        st.integers(0, 1),
    ),
    "legal_basis": st.fixed_dictionaries({"reference": st.just(5), "note": st.one_of(st.just(""), TEXT)}),
    "article": st.fixed_dictionaries({"reference": st.just(6), "article": TITLE, "text": TEXT}),
}
BLOCK = st.sampled_from(sorted(VALUES)).flatmap(
    lambda kind: VALUES[kind].map(lambda value: {"type": kind, "value": value})
)


def lessons():
    legal = {file.key for file in read_legal_references(CURRICULUM)}
    for key in course_keys(CURRICULUM):
        course = read_course(CURRICULUM, key, legal_keys=legal)
        yield from (
            pytest.param(course.folder, lesson, id=lesson.key) for module in course.modules for lesson in module.lessons
        )


@pytest.mark.parametrize(("folder", "lesson"), list(lessons()))
def test_every_lesson_of_the_curriculum_comes_back_the_same(folder, lesson):
    names = {
        "images": dict(enumerate(sorted(path.name for path in (folder / "figures").iterdir()))),
        "documents": dict(enumerate(sorted(path.name for path in (folder / "files").iterdir()))),
        "legal": dict(enumerate(file.key for file in read_legal_references(CURRICULUM))),
        "lessons": {},
    }
    source = Source(
        lesson.markdown.path,
        lesson.markdown.first_line,
        "kunci",
        **{kind: {name: pk for pk, name in mapping.items()} for kind, mapping in names.items()},
    )
    blocks = blocks_of(lesson.markdown.text, source)
    assert blocks_of(markdown_of(blocks, **names), source) == blocks


@settings(max_examples=150, deadline=None)
@given(st.lists(BLOCK, max_size=4))
def test_generated_blocks_come_back_the_same(blocks):
    markdown = write(blocks)
    came_back = read(markdown)
    assert [block["type"] for block in came_back] == [block["type"] for block in blocks]
    # Once written, everything is fixed: ids, spaces and line ends too.
    assert read(write(came_back)) == came_back
    assert write(came_back) == markdown


def text(html):
    return [{"type": "text", "value": html}]


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>Satu <b>tebal</b> dan <i>miring</i>.</p>", "Satu **tebal** dan _miring_.\n"),
        ("<p><b>tebal</b>ku, a<b>b</b></p>", "**tebal**&#107;u, &#97;**b**\n"),
        ("<p><b>satu</b><b> tebal</b></p>", "**satu tebal**\n"),
        ("<h2>#</h2><h3>Bahasa C#</h3>", "## \\#\n\n### Bahasa C\\#\n"),
        ("<p><b>tebal </b>lagi</p>", "**tebal&#32;**&#108;agi\n"),
        (
            '<p data-block-key="x1">a</p><p data-block-key="x2"></p><ul><li>b<ul><li>c</li></ul></li></ul>',
            "a\n\n- b\n  - c\n",
        ),
        ("<p>1. bukan daftar<br/># bukan judul</p>", "1\\. bukan daftar\\\n\\# bukan judul\n"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n+ b\n"),
        ('<p><a id="11" linktype="page">materi</a></p>', "[materi](lessons/materi-2)\n"),
        ('<p><a linktype="document" id="3">lembar</a></p>', "[lembar](files/lembar%20%281%29.csv)\n"),
    ],
)
def test_markdown_reads_well(html, markdown):
    assert write(text(html)) == markdown


def test_a_text_right_after_a_text_keeps_its_own_block():
    assert write([*text("<p>a</p>"), *text("<p>b</p>")]) == "a\n\n::: teks\nb\n:::\n"


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (
            {"type": "text", "value": '<p><a linktype="page" id="9">ke sana</a></p>'},
            "tautan ke halaman di luar pelatihan",
        ),
        ({"type": "text", "value": '<p><a href="http://a.id">x</a></p>'}, "bukan https"),
        ({"type": "text", "value": '<embed embedtype="image" id="1"/>'}, "<embed"),
        ({"type": "text", "value": "<h2>a<br/>b</h2>"}, "tidak dapat memuatnya apa adanya"),
        ({"type": "text", "value": "tanpa paragraf"}, "di luar paragraf"),
        ({"type": "text", "value": "<blockquote>a</blockquote>"}, "<blockquote>"),
        ({"type": "quote", "value": {"text": "a\x00b", "source": "c"}}, "tidak dapat memuatnya apa adanya"),
        ({"type": "quote", "value": {"text": "a", "source": "dua\nbaris"}}, "tidak muat dalam satu baris"),
        ({"type": "figure", "value": {"image": 99, "alt": "a"}}, "gambar nomor 99 tidak ada dalam paket"),
        ({"type": "file", "value": {"title": "a", "document": None}}, "berkas nomor None"),
        ({"type": "legal_basis", "value": {"reference": 1, "note": ""}}, "dasar hukum nomor 1 "),
        ({"type": "asing", "value": {}}, "tidak ada wadah"),
    ],
)
def test_what_markdown_cannot_carry_is_refused_by_block(block, problem):
    with pytest.raises(NotInMarkdown) as caught:
        write([*text("<p>a</p>"), block])
    assert str(caught.value).startswith(f"blok ke-2 ({block['type']}): ")
    assert problem in str(caught.value)
