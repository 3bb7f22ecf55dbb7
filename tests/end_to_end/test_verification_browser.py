"""Checking a file in a real browser: the fingerprint goes first, the file only if nobody knows it; and all without scripts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.browsing import take_picture, window
from tests.end_to_end.pages import Spot
from tests.end_to_end.stack import Stack
from tests.end_to_end.visitor import Visitor

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def code(spots: list[Spot]) -> str:
    return next(spot.path for spot in spots if spot.name == "verification").rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def file(academy: Stack, spots: list[Spot], code: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As its owner downloads it."""
    owner = Visitor(academy.base_url)
    owner.cookies["sessionid"] = next(spot.session for spot in spots if spot.name == "my-certificates")
    path = tmp_path_factory.mktemp("berkas") / "sertifikat.pdf"
    path.write_bytes(owner.get(f"/sertifikat/{code}.pdf").body)
    return path


@pytest.fixture(scope="module")
def altered(file: Path) -> Path:
    path = file.with_name("diubah.pdf")
    path.write_bytes(file.read_bytes() + b"\n%")
    return path


def send(page: Page, file: Path) -> None:
    page.goto("/verifikasi/")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Periksa berkas").click()


def test_a_genuine_file_stays_where_it_is(academy: Stack, browser: Browser, file: Path):
    with window(browser, academy.base_url) as (page, watch):
        sent: list[str] = []
        page.on("request", lambda request: sent.append(f"{request.method} {request.url.split('?')[0]}"))
        send(page, file)
        expect(page.locator("h1")).to_have_text("Sertifikat ini asli dan berlaku")
        watch.assert_quiet()
        assert [line for line in sent if line.startswith("POST")] == []
        assert any(line.startswith("HEAD") for line in sent)
        take_picture(page, "berkas-asli-360")


def test_an_altered_file_is_sent_and_shown_beside_the_register(academy: Stack, browser: Browser, altered: Path):
    for width in (360, 1280):
        with window(browser, academy.base_url, width=width) as (page, watch):
            send(page, altered)
            expect(page.locator("h1")).to_have_text("Berkas ini telah diubah")
            expect(page.locator("main")).to_contain_text("2 bita ditambahkan")
            assert watch.foreign == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            take_picture(page, f"berkas-diubah-{width}")


def test_both_work_without_scripts(academy: Stack, browser: Browser, file: Path, altered: Path):
    with window(browser, academy.base_url, scripts=False) as (page, watch):
        send(page, file)
        expect(page.locator("h1")).to_have_text("Sertifikat ini asli dan berlaku")
        send(page, altered)
        expect(page.locator("h1")).to_have_text("Berkas ini telah diubah")
        watch.assert_quiet()


def test_a_number_and_a_second_fact_work_without_scripts(academy: Stack, browser: Browser, code: str):
    facts = Visitor(academy.base_url).get(f"/api/v1/verifikasi/{code}").json()["certificate"]
    with window(browser, academy.base_url, scripts=False) as (page, _watch):
        page.goto("/verifikasi/")
        page.get_by_label("Nomor sertifikat").fill(facts["number"])
        page.get_by_label("Satu keterangan tentang pemiliknya").fill("nama lain")
        page.get_by_role("button", name="Periksa nomor").click()
        expect(page.locator("main")).to_contain_text("Tidak ada sertifikat yang cocok")
        expect(page.get_by_label("Nomor sertifikat")).to_have_value(facts["number"])
        page.get_by_label("Satu keterangan tentang pemiliknya").fill(facts["nip"][-4:])
        page.get_by_role("button", name="Periksa nomor").click()
        expect(page.locator("main")).to_contain_text(facts["name"])


def test_nothing_chosen_is_said_in_words(academy: Stack, browser: Browser):
    with window(browser, academy.base_url) as (page, _watch):
        page.goto("/verifikasi/")
        take_picture(page, "verifikasi-360")
        page.get_by_role("button", name="Periksa berkas").click()
        expect(page.locator("main")).to_contain_text("Pilih dahulu berkas PDF-nya.")


WHERE = """() => { const e = document.activeElement;
  return [e.tagName, e.name || e.textContent.trim(), Math.round(e.getBoundingClientRect().top + scrollY)]; }"""


def test_the_keyboard_is_enough(academy: Stack, browser: Browser, code: str):
    with window(browser, academy.base_url) as (page, _watch):
        page.goto("/verifikasi/")
        page.keyboard.press("Tab")
        expect(page.locator(".skip-link")).to_be_focused()
        expect(page.locator(".skip-link")).to_be_in_viewport()
        page.keyboard.press("Enter")
        walked = []
        for _press in range(8):
            page.keyboard.press("Tab")
            walked.append(page.evaluate(WHERE))
        named = [name for _tag, name, _top in walked]
        assert named[:4] == ["kode", "Periksa", "berkas", "Periksa berkas"]
        assert named[4:] == ["nomor", "penguat", "Periksa nomor", "Cara memeriksa dan arti setiap jawaban"]
        assert [top for *_rest, top in walked] == sorted(top for *_rest, top in walked)
        page.get_by_label("Kode verifikasi").focus()
        page.keyboard.type("salah")
        page.keyboard.press("Enter")
        expect(page).to_have_title(re.compile("^Periksa kembali isian Anda"))
        field = page.get_by_label("Kode verifikasi")
        expect(field).to_be_focused()
        expect(field).to_have_accessible_description(re.compile("16 huruf dan angka.+16", re.DOTALL))
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(code.lower())
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        expect(page).to_have_title(re.compile("^Sertifikat ini asli dan berlaku – "))


HEAR = """() => { const status = document.querySelector("main [role=status]");
  new MutationObserver(() => console.info(status.textContent)).observe(status, {childList: true}); }"""


def test_what_happens_to_a_file_is_said_aloud(academy: Stack, browser: Browser, altered: Path):
    with window(browser, academy.base_url) as (page, _watch):
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "info" else None)
        page.goto("/verifikasi/")
        page.evaluate(HEAR)
        page.set_input_files("input[type=file]", altered)
        page.get_by_role("button", name="Periksa berkas").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Berkas ini telah diubah")
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        assert said == ["Membandingkan sidik berkas …", "Mengirim berkas …"]
