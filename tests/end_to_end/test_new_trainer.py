"""The path of a new trainer through the CMS in a real browser, from nothing to a course that somebody passes.

Two modules, a lesson with three kinds of block, a test with five questions, preview, proposal, second reader. What it
costs is counted: presses of buttons, links, switches and choices (typing and going on by the Tab key are none), and
page loads of the window.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, expect

from tests.end_to_end.browsing import choose, take_picture, window
from tests.end_to_end.stack import PROJECT, Stack

pytestmark = pytest.mark.end_to_end

MOST_CLICKS, MOST_PAGE_LOADS = 33, 20
READER_CLICKS, READER_PAGE_LOADS = 2, 3
HOW_TO = PROJECT / "docs" / "how-to" / "write-a-course.md"
COURSE, CODE = "Surat Dinas Digital", "SDD"
QUESTIONS = [
    ("Siapa yang menandatangani surat dinas?", "Pejabat yang berwenang", "Siapa saja yang sempat"),
    ("Di mana surat dinas disimpan?", "Di sistem kearsipan instansi", "Di ponsel pribadi"),
    ("Kapan surat diberi nomor?", "Setelah disetujui", "Sebelum ditulis"),
    ("Apa isi bagian pembuka?", "Maksud surat", "Salam penutup"),
    ("Bagaimana surat rahasia dikirim?", "Melalui jalur yang ditentukan", "Melalui grup percakapan"),
]


@dataclass
class Walk:
    """Presses only what is seen, and counts."""

    page: Page
    clicks: int = 0
    loads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._count)

    def _count(self, request: Request) -> None:
        is_first = request.redirected_from is None
        if request.is_navigation_request() and request.frame == self.page.main_frame and is_first:
            self.loads.append(request.url)

    def press(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def link(self, name: str) -> None:
        self.press(self.page.get_by_role("link", name=name, exact=True))

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=name, exact=True).and_(self.page.locator(":visible")))

    def type(self, name: str, text: str) -> None:
        self.page.locator(f"[name='{name}']").fill(text)


def create_course(walk: Walk) -> None:
    walk.page.goto("/cms/")
    take_picture(walk.page, "penulis-01-beranda")
    walk.link("Pelatihan baru")
    walk.type("title", COURSE)
    walk.type("code", CODE)
    walk.type("credit_hours", "1")
    take_picture(walk.page, "penulis-02-pelatihan")
    walk.button("Simpan")
    for title in ("Menulis surat", "Menguji diri"):
        walk.page.get_by_label("Modul baru").fill(title)
        walk.button("Tambah modul")
        expect(walk.page.get_by_role("link", name=title, exact=True)).to_be_visible()
    take_picture(walk.page, "penulis-03-susunan")


def write_course_page(walk: Walk) -> None:
    walk.link("Tulis halaman pelatihan")
    walk.type("summary", "Menulis, menandatangani, dan mengirim surat dinas secara digital.")
    walk.type("audience", "Semua ASN")
    walk.type("outcomes", "menulis surat dinas yang jelas\nmengirimnya lewat jalur yang benar")
    walk.button("Terbitkan")


def write_lesson(walk: Walk) -> None:
    page = walk.page
    walk.link("Tambah materi Menulis surat")
    walk.type("title", "Dari maksud ke surat")
    walk.type("reading_minutes", "5")
    walk.type("practice_minutes", "25")
    add_block(walk, "Teks")
    into_rich_text(page, 0, "Surat dinas menyampaikan satu maksud kepada satu alamat.")
    add_block(walk, "Definisi")
    walk.type("body-1-value-term", "Surat dinas")
    into_rich_text(page, 1, "Naskah resmi yang dibuat dan dikirim oleh pejabat.")
    add_block(walk, "Contoh")
    walk.type("body-2-value-title", "Undangan rapat")
    into_rich_text(page, 2, "Satu undangan, satu rapat, satu hari.")
    take_picture(page, "penulis-04-materi")
    look_at_preview(walk)
    walk.button("Terbitkan")
    expect(page.get_by_role("link", name="Dari maksud ke surat", exact=True)).to_be_visible()


def add_block(walk: Walk, name: str) -> None:
    walk.press(walk.page.locator("[data-streamfield-stream-container] .c-sf-add-button").last)
    walk.press(walk.page.get_by_role("option", name=re.compile(f"^{name}\\b")).first)


def into_rich_text(page: Page, number: int, text: str) -> None:
    page.locator("[data-streamfield-stream-container] .public-DraftEditor-content").nth(number).focus()
    page.keyboard.type(text)


def look_at_preview(walk: Walk) -> None:
    """What a learner would read, first as wide as a phone, then as a computer's screen."""
    page = walk.page
    walk.button("Buka atau tutup pratinjau")
    lesson = page.frame_locator("#w-preview-iframe")
    expect(lesson.get_by_text("satu maksud kepada satu alamat")).to_be_visible()
    assert lesson.locator("html").evaluate("e => e.clientWidth") < 400
    take_picture(page, "penulis-05-pratinjau-ponsel")
    walk.press(page.locator("label", has=page.get_by_label("Pratinjau ukuran komputer")))
    expect(lesson.get_by_text("satu maksud kepada satu alamat")).to_be_visible()
    page.wait_for_function(
        "document.querySelector('#w-preview-iframe').contentDocument.documentElement.clientWidth > 1000"
    )
    take_picture(page, "penulis-06-pratinjau-layar")


def write_test(walk: Walk) -> None:
    page = walk.page
    walk.link("Tambah kuis Menguji diri")
    walk.type("title", "Tes akhir")
    walk.type("question_count", str(len(QUESTIONS)))
    walk.type("test_minutes", "15")
    take_picture(page, "penulis-07-kuis")
    walk.button("Terbitkan")
    walk.link("Tulis soal")
    for number, (text, right, wrong) in enumerate(QUESTIONS, start=1):
        walk.type("topic", "Surat dinas")
        walk.type("text", text)
        walk.type("options-0-text", right)
        walk.press(page.locator("[name='options-0-is_correct']"))
        walk.type("options-1-text", wrong)
        walk.type("explanation", f"{right}, menurut pedoman tata naskah.")
        take_picture(page, f"penulis-08-soal-{number}")
        if number < len(QUESTIONS):
            walk.button("Simpan, tulis lagi")
            expect(page.locator("[name=text]")).to_have_value("")
    walk.press(page.locator(".footer__container [data-w-dropdown-target=toggle], .actions .w-dropdown__toggle").last)
    walk.button("Simpan")
    expect(page.get_by_text("5 soal")).to_be_visible()


def propose(walk: Walk) -> None:
    page = walk.page
    take_picture(page, "penulis-09-susunan")
    walk.link("Terbitkan dan ajukan")
    take_picture(page, "penulis-10-edisi")
    walk.button("Terbitkan halaman-halaman ini")
    take_picture(page, "penulis-11-usulan")
    walk.button("Ajukan edisi")
    expect(page.get_by_text("Edisi telah diajukan")).to_be_visible()
    take_picture(page, "penulis-12-menunggu")


def approve(walk: Walk) -> None:
    walk.page.goto("/cms/")
    take_picture(walk.page, "pembaca-1-beranda")
    expect(walk.page.get_by_text("Menunggu tinjauan Anda")).to_be_visible()
    walk.press(walk.page.locator("main").get_by_role("link", name=COURSE).first)
    expect(walk.page.get_by_text("Menunggu pembaca kedua")).to_be_visible()
    take_picture(walk.page, "pembaca-2-edisi")
    walk.button("Setujui dan terbitkan")
    expect(walk.page.get_by_text("Disetujui: edisi telah terbit")).to_be_visible()
    take_picture(walk.page, "pembaca-3-terbit")


def learn(academy: Stack, page: Page, email: str) -> None:
    page.goto("/katalog/")
    page.get_by_role("link", name=re.compile(COURSE)).first.click()
    take_picture(page, "peserta-1-pelatihan")
    page.locator("form[action*='/ikuti/'] button").first.click()
    page.goto(f"/belajar/{re.findall(r'/belajar/([0-9]+)/', page.url)[0]}/")
    if page.locator("form[action$='/selesai/']").count() == 0:
        page.locator("main a[href*='/belajar/']").first.click()
    expect(page.get_by_text("satu maksud kepada satu alamat")).to_be_visible()
    take_picture(page, "peserta-2-materi")
    page.locator("form[action$='/selesai/'] button").last.click()
    page.locator("main form[method=post] button").last.click()
    for name, options in academy.ask("right_answers", email=email).items():
        choose(page, f"q{name}", options[0])
    page.locator("main form[method=post] button").last.click()
    page.locator("main form[method=post] button").last.click()
    take_picture(page, "peserta-3-hasil")


@pytest.fixture(scope="module")
def costs(academy: Stack, browser: Browser) -> dict[str, int]:
    """The whole path once; what it took."""
    author, reader = academy.ask("make_trainers", prefix="penulis")
    with window(browser, academy.base_url, session=author, width=1280) as (page, watch):
        walk = Walk(page)
        for step in (create_course, write_course_page, write_lesson, write_test, propose):
            step(walk)
        watch.assert_quiet()
    with window(browser, academy.base_url, session=reader, width=1280) as (page, watch):
        reading = Walk(page)
        approve(reading)
        watch.assert_quiet()
    return {
        "clicks": walk.clicks,
        "page loads": len(walk.loads),
        "reader's clicks": reading.clicks,
        "reader's page loads": len(reading.loads),
    }


def test_the_path_takes_no_more_than_it_took(costs: dict[str, int]):
    most = dict(zip(costs, (MOST_CLICKS, MOST_PAGE_LOADS, READER_CLICKS, READER_PAGE_LOADS), strict=True))
    assert costs == most


def test_a_learner_passes_the_course_that_was_written(academy: Stack, browser: Browser, costs: dict[str, int]):
    learner = academy.ask("make_people", prefix="peserta-baru", sign_in=False)[0]
    session = academy.ask("make_sessions", people=[learner["id"]])[0]
    with window(browser, academy.base_url, session=session) as (page, watch):
        learn(academy, page, learner["email"])
        watch.assert_quiet()
    assert academy.ask("facts", email=learner["email"])["completions"] == 1


def test_the_how_to_tells_the_same_numbers():
    told = [int(number) for number in re.findall(r"\*\*(\d+)\*\*", Path(HOW_TO).read_text(encoding="utf-8"))]
    assert told == [MOST_CLICKS, MOST_PAGE_LOADS, READER_CLICKS, READER_PAGE_LOADS]
