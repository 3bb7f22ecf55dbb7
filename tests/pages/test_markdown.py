"""Markdown becomes blocks; mistakes are told with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from academy.pages.content_files import ContentError, parse_mapping, read_mappings, read_markdown
from academy.pages.markdown import Source, blocks_of

PATH = Path("materi.md")


def read(text, **fields):
    return blocks_of(text, Source(PATH, 10, "c/materi", **fields))


def values(text, **fields):
    return [(block["type"], block["value"]) for block in read(text, **fields)]


def refusal(text, **fields):
    with pytest.raises(ContentError) as caught:
        read(text, **fields)
    return str(caught.value)


def test_text_between_containers_becomes_rich_text():
    found = values("Satu **tebal** dan *miring*.\n\n::: contoh Judul\nIsi.\n:::\n\n- a\n- b\n")
    assert found == [
        ("text", "<p>Satu <b>tebal</b> dan <i>miring</i>.</p>"),
        ("example", {"title": "Judul", "text": "<p>Isi.</p>"}),
        ("text", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
    ]


def test_loose_lists_are_kept_tight():
    assert values("- a\n\n- b\n") == [("text", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>")]


def test_definition_quote_and_steps():
    assert values("::: definisi SPBE\nArti.\n:::") == [("definition", {"term": "SPBE", "text": "<p>Arti.</p>"})]
    assert values("::: kutipan Pasal 1\nsatu *dua*\ntiga\n\nempat\n:::") == [
        ("quote", {"text": "satu dua tiga\n\nempat", "source": "Pasal 1"})
    ]
    [(kind, value)] = values("::: langkah Cara\n1. Buka\n2. Tutup **rapat**\n:::")
    assert (kind, value["title"]) == ("steps", "Cara")
    assert [step["value"] for step in value["steps"]] == ["<p>Buka</p>", "<p>Tutup <b>rapat</b></p>"]


def test_a_table_has_a_caption_and_plain_cells():
    [(kind, value)] = values("::: tabel Judul\n| a | b |\n|---|--:|\n| 1 | **2** |\n:::")
    assert (kind, value["caption"]) == ("table", "Judul")
    assert value["table"]["data"] == [["a", "b"], ["1", "2"]]


def test_figures_and_files_point_to_what_was_loaded():
    text = '::: gambar a.svg\nalt: "Bagan: satu"\ncaption: Judul\n:::\n::: berkas b.csv\ntitle: Lembar\n:::'
    assert values(text, images={"a.svg": 7}, documents={"b.csv": 8}) == [
        ("figure", {"image": 7, "alt": "Bagan: satu", "caption": "Judul", "description": ""}),
        ("file", {"title": "Lembar", "document": 8}),
    ]


def test_a_glossary_term_and_a_text_of_its_own():
    assert values("Satu.\n\n::: teks\nDua.\n:::") == [("text", "<p>Satu.</p>"), ("text", "<p>Dua.</p>")]
    assert values("::: istilah MFA\nDua *bukti*.\n:::") == [
        ("term", {"term": "MFA", "meaning": "<p>Dua <i>bukti</i>.</p>"})
    ]


def test_a_case_has_its_parts_under_headings():
    text = "::: kasus Puskesmas\n### Situasi\nA **b**.\n\n### Tindakan\n- c\n\n### Pertanyaan\nD?\n:::"
    assert values(text) == [
        (
            "case",
            {
                "agency": "Puskesmas",
                "situation": "<p>A <b>b</b>.</p>",
                "action": "<ul>\n<li>c</li>\n</ul>",
                "result": "",
                "question": "D?",
            },
        )
    ]


def test_a_video_is_a_link_with_its_size_or_a_file():
    text = "::: video Surel palsu\nlink: https://a.id/v\nminutes: 3\nsize_mb: 12\ntranscript: Kata.\n:::"
    video = {"title": "Surel palsu", "minutes": 3, "transcript": "Kata."}
    assert values(text) == [("video", video | {"link": "https://a.id/v", "document": None, "size_mb": 12.0})]
    text = "::: video Surel palsu\nfile: a.mp4\nminutes: 3\ntranscript: Kata.\n:::"
    assert values(text, documents={"a.mp4": 4}) == [("video", video | {"link": "", "document": 4, "size_mb": None})]


CHECK = "::: periksa\nquestion: Mana?\noptions:\n- text: A\n  right: true\n  feedback: Ya.\n- text: B\n  feedback: Bukan.\n:::"


def test_a_check_has_options_with_feedback():
    [(kind, value)] = values(CHECK)
    assert (kind, value["question"]) == ("check", "Mana?")
    assert [option["value"] for option in value["options"]] == [
        {"text": "A", "is_right": True, "feedback": "Ya."},
        {"text": "B", "is_right": False, "feedback": "Bukan."},
    ]


def test_tables_say_which_cells_are_headings():
    rows = "| a | b |\n|---|---|\n| 1 | 2 |\n:::"
    for name, headings in {
        "tabel-baris": (True, False),
        "tabel-kolom": (False, True),
        "tabel-polos": (False, False),
    }.items():
        table = values(f"::: {name} Judul\n{rows}")[0][1]["table"]
        assert (table["first_row_is_table_header"], table["first_col_is_header"]) == headings
    assert values(f"::: perbandingan Judul\n{rows}")[0][0] == "comparison"


def test_law_is_named_by_its_key():
    assert values("::: pasal uu-27 Pasal 4 ayat (1)\nData pribadi terdiri atas …\n:::", legal={"uu-27": 5}) == [
        ("article", {"reference": 5, "article": "Pasal 4 ayat (1)", "text": "Data pribadi terdiri atas …"})
    ]
    assert values("::: dasar-hukum uu-27\n:::", legal={"uu-27": 5}) == [("legal_basis", {"reference": 5, "note": ""})]


def test_a_link_to_a_file_follows_the_file():
    html = '<p><a linktype="document" id="8">Unduh</a></p>'
    assert values("[Unduh](files/a%20b.csv)", documents={"a b.csv": 8}) == [("text", html)]


def test_the_same_text_gives_the_same_ids():
    text = "Satu.\n\n::: langkah\n1. a\n2. b\n:::\n"
    assert read(text) == read(text)
    ids = [block["id"] for block in read(text)] + [step["id"] for step in read(text)[1]["value"]["steps"]]
    assert len(set(ids)) == 4


def test_html_is_text():
    assert values("<script>alert(1)</script>") == [("text", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>")]


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("Satu\n\n# Judul", 12, "h1"),
        ("Satu\n\n::: entah apa\nIsi\n:::", 12, "wadah ini tidak dikenal"),
        ("::: contoh A\nIsi", 10, "baris penutup"),
        ("::: contoh A\n::: contoh B\nIsi\n:::\n:::", 10, "tidak boleh berada di dalam wadah"),
        ("\n::: gambar hilang.svg\nalt: x\n:::", 11, "figures/hilang.svg"),
        ("::: berkas hilang.csv\ntitle: x\n:::", 10, "files/hilang.csv"),
        ("::: definisi\nIsi\n:::", 10, "judul setelah nama belum ada"),
        ("::: langkah\nBukan daftar\n:::", 10, "daftar bernomor"),
        ("::: tabel A\nBukan tabel\n:::", 10, "satu tabel"),
        ("| a |\n|---|\n| 1 |", 10, "tabel: tidak boleh ada"),
        ("Ini ![gambar](a.png)", 10, "gambar: tidak boleh ada"),
        ("[x](javascript:alert(1))\n\n[x](ftp://a.b)", 12, "ftp"),
        ("> kutipan", 10, "kutipan: tidak boleh ada"),
        ("Satu\n\n[x](files/hilang.csv)", 12, "files/hilang.csv"),
        ("::: kasus A\nIsi\n:::", 11, "diawali ### Situasi"),
        ("::: kasus A\n### Situasi\nx\n\n### Situasi\ny\n:::", 14, "satu kali"),
        ("::: kasus A\n### Situasi\nx\n\n### Hasil\ny\n:::", 10, "### Tindakan belum ada"),
        ("::: kasus A\n### Situasi\nx\n\n### Tindakan\ny\n:::", 10, ""),
        ("::: video A\nminutes: 3\ntranscript: x\n:::", 11, "link"),
        ("::: video A\nlink: http://a.id\nminutes: 3\nsize_mb: 1\ntranscript: x\n:::", 11, "https"),
        ("::: video A\nlink: https://a.id\nminutes: 3\ntranscript: x\n:::", 11, "size_mb"),
        ("::: video A\nlink: https://a.id\nsize_mb: satu\nminutes: 3\ntranscript: x\n:::", 12, "seharusnya bilangan"),
        ("::: video A\nfile: hilang.mp4\nminutes: 3\ntranscript: x\n:::", 11, "files/hilang.mp4"),
        ("::: video A\nlink: https://a.id\nminutes: 3\nsize_mb: 1\n:::", 11, "transcript: tidak ada"),
        (CHECK.replace("  right: true\n", ""), 10, ""),
        (CHECK.replace("  feedback: Bukan.\n", ""), 12, "feedback: tidak ada"),
        (CHECK.replace("right", "benar"), 12, "benar"),
        ("::: perbandingan A\n| a | |\n|---|---|\n| 1 | 2 |\n:::", 10, ""),
        ("::: pasal uu-27\nKata.\n:::", 10, "dasar hukum uu-27 tidak ada"),
        ("::: dasar-hukum uu-27\n:::", 10, "dasar hukum uu-27 tidak ada"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, line, problem):
    message = refusal(text)
    assert message.startswith(f"materi.md:{line}:")
    assert problem in message


def test_yaml_in_a_container_is_checked_with_its_line():
    message = refusal("Satu\n\n::: gambar a.svg\nalt: x\nwarna: merah\n:::", images={"a.svg": 1})
    assert message.startswith("materi.md:14: warna")
    assert "alt: tidak ada" in refusal("::: gambar a.svg\ncaption: x\n:::", images={"a.svg": 1})


def test_front_matter_is_read_with_lines(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Judul\nminutes: 5\n---\nIsi.\n", encoding="utf-8")
    file = read_markdown(path)
    assert (file.fields.text("title"), file.fields.number("minutes"), file.text) == ("Judul", 5, "Isi.\n")
    assert file.first_line == 5
    assert file.fields.line_of("minutes") == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2", "file.yaml:2: a: muncul dua kali"),
        ("a: 1\nb: [", "file.yaml:2: bukan YAML"),
        ("- a", "file.yaml:1: seharusnya baris-baris"),
    ],
)
def test_yaml_mistakes_are_told_with_their_line(text, problem):
    with pytest.raises(ContentError, match=problem):
        parse_mapping(text, path=Path("file.yaml"), first_line=1)


def test_fields_check_what_they_give():
    def fields():
        return parse_mapping("a: teks\nb: 3\nc: true\nd: [x, y]\ne: ''", path=Path("f.yaml"), first_line=1)

    assert fields().texts("d") == ["x", "y"]
    for take in (
        lambda: fields().number("a"),
        lambda: fields().number("c"),
        lambda: fields().number("b", least=4),
        lambda: fields().text("e"),
        lambda: fields().text("a", longest=3),
        lambda: fields().text("tidak-ada"),
        lambda: fields().choice("a", ["lain"]),
        lambda: fields().day("a"),
        lambda: fields().mappings("d"),
        lambda: fields().done(),
    ):
        with pytest.raises(ContentError):
            take()


def test_a_missing_or_empty_file_is_told(tmp_path):
    with pytest.raises(ContentError, match="berkas ini tidak ada"):
        read_mappings(tmp_path / "tidak-ada.yaml")
    (tmp_path / "kosong.md").write_text("", encoding="utf-8")
    with pytest.raises(ContentError, match="harus diawali baris ---"):
        read_markdown(tmp_path / "kosong.md")
