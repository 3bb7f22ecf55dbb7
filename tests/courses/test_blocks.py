"""The blocks of a lesson: what each shows, what it refuses, that it is cheap, and that nothing in it can run."""

from __future__ import annotations

import json
import re
import uuid
from html.parser import HTMLParser

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from wagtail.blocks.struct_block import StructBlockValidationError
from wagtail.images.models import Image
from wagtail.models import Site

from courses.models import LessonPage
from courses.outline import render_blocks
from tests.courses.authoring import SVG, every_block, make_catalog, make_document, make_image, make_legal_reference

pytestmark = pytest.mark.django_db

STREAM = LessonPage._meta.get_field("body").stream_block


def draw(*blocks):
    """The HTML of these (kind, value) pairs, as learners get it."""
    body = STREAM.to_python([{"type": kind, "value": value, "id": str(uuid.uuid4())} for kind, value in blocks])
    with translation.override("id"):
        return render_blocks(body)


def refusal(kind, value):
    """What the CMS says about each field of a block, in Indonesian."""
    block = STREAM.child_blocks[kind]
    with pytest.raises(ValidationError) as caught, translation.override("id"):
        block.clean(block.to_python(value))
    assert isinstance(caught.value, StructBlockValidationError)
    return {name: str(error.messages[0]) for name, error in caught.value.block_errors.items()}


def table(*rows):
    return {"data": [list(row) for row in rows], "first_row_is_table_header": True, "first_col_is_header": True}


WRONG = {"text": "Petugas", "is_right": False, "feedback": "Petugas tidak meminta kode."}
RIGHT = {"text": "Hanya Anda", "is_right": True, "feedback": "Itu kunci kedua Anda."}
CHECK = {"question": "Siapa yang boleh tahu?", "options": [WRONG, RIGHT]}
CASE = {"agency": "Puskesmas", "situation": "<p>A</p>", "action": "<p>B</p>", "result": "<p>C</p>", "question": "D?"}
VIDEO = {"title": "Surel palsu", "link": "https://a.go.id/v", "minutes": 3, "size_mb": 12.5, "transcript": "Kata."}


def test_a_case_tells_its_parts_and_leaves_out_what_is_empty():
    html = draw(("case", CASE))
    assert "Kasus: Puskesmas" in html
    for word in ("Situasi", "Tindakan", "Hasil", "Untuk didiskusikan"):
        assert f">{word}</p>" in html
    assert "Hasil" not in draw(("case", CASE | {"result": ""}))
    assert "diskusi" not in draw(("case", CASE | {"question": ""}))


def test_a_comparison_has_headings_on_both_sides():
    html = draw(("comparison", {"caption": "Dua cara", "table": table(["", "Satu", "Dua"], ["Bukti", "a", "b"])}))
    assert '<th scope="col">Dua</th>' in html
    assert '<th scope="row">Bukti</th>' in html
    assert "<caption>Dua cara</caption>" in html


def test_an_article_tells_its_day_and_whether_it_was_replaced():
    old = make_legal_reference(url="https://peraturan.go.id/a")
    value = {"reference": old.pk, "article": "Pasal 2 ayat (1)", "text": "Bunyi <pasal>."}
    html = draw(("article", value))
    assert "Bunyi &lt;pasal&gt;." in html
    assert '<a href="https://peraturan.go.id/a">Pasal 2 ayat (1)</a>' in html
    assert "Diperiksa per 1 November 2026" in html
    assert "diganti" not in html
    old.superseded_by = make_legal_reference("baru", regulation="Perpres Baru", article="")
    old.save()
    assert "Sudah diganti oleh Perpres Baru." in draw(("article", value))


def test_a_video_behind_a_link_loads_nothing_and_tells_its_cost():
    html = draw(("video", VIDEO))
    assert "Buka video (12,5 MB, 3 menit)" in html
    assert "<iframe" not in html
    assert "<video" not in html
    assert "Baca transkrip" in html


def test_a_video_of_our_own_waits_to_be_played():
    html = draw(("video", VIDEO | {"link": "", "size_mb": None, "document": make_document().pk}))
    assert "controls" in html
    assert 'preload="none"' in html
    assert "autoplay" not in html
    assert "1,5\xa0KB" in html


def test_our_own_video_may_play_and_nothing_else(client):
    policy = client.get("/masuk/").headers["Content-Security-Policy"]
    assert "media-src 'self'" in policy


def test_a_check_says_right_and_not_yet_right_in_words_and_shape():
    html = draw(("check", CHECK))
    assert html.count("<details") == 2
    assert "Belum tepat" in html
    assert ">\nTepat\n<" in html
    assert html.count("<svg") == 2
    assert "<form" not in html
    assert "<input" not in html


def test_a_glossary_term_is_a_definition():
    html = draw(("term", {"term": "MFA", "meaning": "<p>Dua bukti.</p>"}))
    assert "<dfn>MFA</dfn>" in html
    assert "<dd>" in html


@pytest.mark.parametrize(
    ("kind", "value", "field", "words"),
    [
        ("check", CHECK | {"options": [WRONG, WRONG]}, "options", "satu pilihan sebagai jawaban tepat"),
        ("check", CHECK | {"options": [RIGHT, RIGHT]}, "options", "satu pilihan yang tidak tepat"),
        ("video", VIDEO | {"link": ""}, "link", "Isi tautan atau pilih berkas"),
        ("video", VIDEO | {"link": "http://a.go.id"}, "link", "https://"),
        ("video", VIDEO | {"size_mb": None}, "size_mb", "ukurannya dalam MB"),
        ("video", VIDEO | {"transcript": ""}, "transcript", "harus diisi"),
        ("case", CASE | {"result": "", "question": ""}, "question", "Tulis hasilnya"),
        ("comparison", {"caption": "a", "table": table(["", "x"])}, "table", "dua baris"),
        ("comparison", {"caption": "a", "table": table(["", ""], ["x", "y"])}, "table", "setiap kolom"),
        ("comparison", {"caption": "a", "table": table(["", "x"], [None, "y"])}, "table", "setiap baris"),
    ],
)
def test_what_is_missing_is_told_beside_its_field(kind, value, field, words):
    assert words in refusal(kind, value)[field]


def test_a_video_is_not_both_link_and_file_and_is_a_video():
    document = make_document("lembar.csv")
    told = refusal("video", VIDEO | {"document": document.pk})
    assert "jangan keduanya" in told["link"]
    assert "MP4" in told["document"]


def test_right_values_are_accepted():
    for kind, value in (("check", CHECK), ("video", VIDEO), ("case", CASE)):
        block = STREAM.child_blocks[kind]
        block.clean(block.to_python(value))


def test_every_block_has_its_place_and_words_in_the_chooser():
    with translation.override("id"):
        for name, block in STREAM.child_blocks.items():
            assert block.meta.group, name
            assert block.get_description(), name
            assert block.meta.icon != "placeholder", name


# One block of each kind that differs from the others of its kind in what it points to.


def _page_link(number):
    page = make_catalog().add_child(instance=LessonPage(title=f"m{number}", slug=f"m{number}", reading_minutes=1))
    return (
        f'<p><a linktype="page" id="{page.pk}">ke sana</a> <a linktype="document" id="{_csv(number).pk}">berkas</a></p>'
    )


def _csv(number):
    return make_document(f"b{number}.csv", b"a")


def _photo(number):
    """A photo whose small picture exists already."""
    image = Image.objects.create(title=f"f{number}", file=ContentFile(SVG, name=f"f{number}.png"), width=20, height=20)
    image.renditions.create(
        filter_spec="max-1216x1216|format-webp",
        file=ContentFile(SVG, name=f"f{number}.webp"),
        width=20,
        height=20,
        focal_point_key="",
    )
    return image.pk


def _replaced(number):
    return make_legal_reference(f"lama-{number}", superseded_by=make_legal_reference(f"baru-{number}")).pk


KINDS = {
    "text": _page_link,
    "definition": lambda n: {"term": "a", "text": _page_link(n)},
    "term": lambda n: {"term": "a", "meaning": _page_link(n)},
    "example": lambda n: {"title": "", "text": _page_link(n)},
    "case": lambda n: CASE | {"situation": _page_link(n)},
    "steps": lambda n: {"title": "", "steps": [_page_link(n), _page_link(n + 1000)]},
    "quote": lambda n: {"text": "a", "source": "b"},
    "figure": lambda n: {"image": _photo(n), "alt": "a", "caption": "", "description": ""},
    "table": lambda n: {"caption": "a", "table": table(["a", "b"], ["c", "d"])},
    "comparison": lambda n: {"caption": "a", "table": table(["a", "b"], ["c", "d"])},
    "file": lambda n: {"title": "a", "document": _csv(n).pk},
    "video": lambda n: VIDEO | {"link": "", "size_mb": None, "document": make_document(f"v{n}.mp4").pk},
    "check": lambda n: CHECK,
    "legal_basis": lambda n: {"reference": _replaced(n), "note": ""},
    "article": lambda n: {"reference": _replaced(n), "article": "Pasal 1", "text": "a"},
}


def test_every_kind_of_block_is_looked_at():
    assert set(KINDS) == set(STREAM.child_blocks)
    assert {block["type"] for block in every_block()} == set(STREAM.child_blocks)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_forty_blocks_cost_as_many_queries_as_four(kind):
    blocks = [(kind, KINDS[kind](number)) for number in range(40)]
    cache.clear()  # small pictures are kept in it too
    Site.get_site_root_paths()
    counts = []
    for some in (blocks[:4], blocks):
        with CaptureQueriesContext(connection) as queries:
            html = draw(*some)
        counts.append(len(queries))
        assert "linktype" not in html
    assert counts[0] == counts[1] <= 6


PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "</p></div><iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<style>@import 'https://jahat.test/a.css'</style>",
    "<link rel=stylesheet href=https://jahat.test>",
    "<form action=https://jahat.test><input name=a></form>",
    "<base href=https://jahat.test>",
    "<meta http-equiv=refresh content='0;url=https://jahat.test'>",
    "</script><script>alert(1)</script>",
    "{{ 7|add:7 }}{% debug %}",
    "<!--><img src=x onerror=alert(1)>-->",
    "<object data=data:text/html,<script>alert(1)</script>>",
]


SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*):")


class _Live(HTMLParser):
    """What of a page could run, send or fetch."""

    HARMLESS = {
        *(
            [
                "p",
                "div",
                "span",
                "strong",
                "b",
                "i",
                "em",
                "code",
                "br",
                "ul",
                "ol",
                "li",
                "dl",
                "dt",
                "dd",
                "dfn",
                "a",
                "h2",
                "h3",
                "aside",
                "figure",
                "figcaption",
                "blockquote",
                "img",
            ]
        ),
        *(
            [
                "details",
                "summary",
                "table",
                "caption",
                "thead",
                "tbody",
                "tr",
                "th",
                "td",
                "svg",
                "path",
                "circle",
                "video",
            ]
        ),
    }

    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in self.HARMLESS:
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name in {"style", "srcdoc", "autofocus", "autoplay", "formaction"}:
                self.found.append(f"{tag} {name}")
            scheme = SCHEME.match(re.sub(r"[\x00-\x20]", "", value or ""))
            if name in {"href", "src", "xlink:href"} and scheme and scheme[1].lower() not in {"https", "mailto"}:
                self.found.append(f"{tag} {name}={value}")

    def handle_comment(self, data):
        self.found.append(f"comment {data}")


def _with_payload(payload, image, document, reference):
    """Every text field of every block filled with a payload; rich text as the editor's own cleaning leaves it."""
    rich = LessonPage._meta.get_field("body").stream_block.child_blocks["text"].field.widget
    html = rich.value_from_datadict({"x": _draftail(payload)}, {}, "x")
    return [
        ("text", html),
        ("definition", {"term": payload, "text": html}),
        ("term", {"term": payload, "meaning": html}),
        ("example", {"title": payload, "text": html}),
        ("case", {"agency": payload, "situation": html, "action": html, "result": html, "question": payload}),
        ("quote", {"text": payload, "source": payload}),
        ("steps", {"title": payload, "steps": [html]}),
        ("figure", {"image": image, "alt": payload, "caption": payload, "description": payload}),
        ("table", {"caption": payload, "table": table([payload, payload], [payload, payload])}),
        ("comparison", {"caption": payload, "table": table([payload, payload], [payload, payload])}),
        ("file", {"title": payload, "document": document}),
        ("video", {"title": payload, "link": "https://a.id", "minutes": 1, "size_mb": 1, "transcript": payload}),
        ("video", {"title": payload, "link": "", "document": document, "minutes": 1, "transcript": payload}),
        ("check", {"question": payload, "options": [{"text": payload, "is_right": True, "feedback": payload}]}),
        ("legal_basis", {"reference": reference, "note": payload}),
        ("article", {"reference": reference, "article": payload, "text": payload}),
    ]


def _draftail(text):
    """What the editor sends for a paragraph with this text, and a link to it."""
    return json.dumps(
        {
            "blocks": [
                {
                    "key": "a1",
                    "text": text,
                    "type": "unstyled",
                    "depth": 0,
                    "inlineStyleRanges": [],
                    "entityRanges": [{"offset": 0, "length": len(text), "key": 0}],
                }
            ],
            "entityMap": {"0": {"type": "LINK", "mutability": "MUTABLE", "data": {"url": text}}},
        }
    )


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_an_author_writes_can_run(payload):
    image, document = make_image().pk, make_document().pk
    reference = make_legal_reference(
        regulation=payload, article=payload[:80], superseded_by=make_legal_reference("baru", regulation=payload)
    )
    blocks = _with_payload(payload, image, document, reference.pk)
    assert {kind for kind, _value in blocks} == set(STREAM.child_blocks)
    assert _Live(draw(*blocks)).found == []
