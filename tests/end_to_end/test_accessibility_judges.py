"""Two judges from outside, axe-core and HTML_CodeSniffer, on every page that answers whether a certificate is genuine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.end_to_end.browsing import take_picture, window
from tests.end_to_end.stack import Stack

pytestmark = pytest.mark.end_to_end

PACKAGES = Path(__file__).resolve().parent / "accessibility" / "node_modules"
JUDGES = "axe-core/axe.min.js", "html_codesniffer/build/HTMLCS.js"
WAYS_TO_SEE: list[tuple[int, Literal["light", "dark"]]] = [(w, s) for w in (360, 1280) for s in ("light", "dark")]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

AXE = """async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations
  .flatMap(rule => rule.nodes.map(node => `axe ${rule.id}: ${node.html.slice(0, 120)} ${node.failureSummary}`))"""
SNIFFER = """() => new Promise((done, failed) => HTMLCS.process("WCAG2AA", document, () => done(HTMLCS.getMessages()
  .filter(message => message.type === HTMLCS.ERROR)
  .map(message => `htmlcs ${message.code}: ${message.element.outerHTML?.slice(0, 120)} ${message.msg}`)), failed))"""


VERDICTS = {
    "code-genuine": "Sertifikat ini asli dan berlaku",
    "code-revoked": "Sertifikat ini telah dicabut",
    "code-replaced": "Sertifikat ini telah diganti",
    "code-expired": "Sertifikat ini asli, tetapi masa berlakunya habis",
    "code-unknown": "Kode ini tidak dikenal",
    "file-genuine": "Sertifikat ini asli dan berlaku",
    "file-altered": "Berkas ini telah diubah",
    "file-resaved": "Ini salinan yang disimpan ulang, bukan berkas yang terbit",
    "file-foreign": "Berkas ini ditandatangani pihak lain",
    "file-unknown": "Kami tidak mengenal berkas ini",
    "number-genuine": "Sertifikat ini asli dan berlaku",
    "refused-too-many": "Terlalu banyak percobaan",
}


@dataclass(frozen=True)
class Sight:
    """A page that is to be judged: who opens it, and how to come to it."""

    name: str
    go: Callable[[Page], Any]
    session: str = ""


def at(path: str) -> Callable[[Page], Any]:
    return lambda page: page.goto(path)


def sent(**fields: str) -> Callable[[Page], Any]:
    """The form with one of the fields on it, filled in and sent. A field of files takes a path."""

    def go(page: Page) -> None:
        page.goto("/verifikasi/")
        for name, value in fields.items():
            field = page.locator(f"[name={name}]")
            field.set_input_files(value) if name == "berkas" else field.fill(value)
        with page.expect_navigation():
            page.locator("form", has=page.locator(f"[name={next(iter(fields))}]")).locator("button").click()

    return go


ASK_OFTEN = """async (form) => {
  for (let turn = 0; turn < 12; turn++) await fetch(form.action, {method: "POST", body: new FormData(form)});
}"""


def too_often(page: Page) -> None:
    """Numbers run out first. Whoever asks for one within the next minute is refused too: so this is the last sight."""
    sent(nomor="0001/X/I/2026", penguat="0000")(page)
    page.evaluate(ASK_OFTEN, page.locator("form", has=page.locator("[name=nomor]")).element_handle())
    sent(nomor="0001/X/I/2026", penguat="0000")(page)


@pytest.fixture(scope="module")
def sights(academy: Stack, tmp_path_factory: pytest.TempPathFactory) -> list[Sight]:
    folder = tmp_path_factory.mktemp("berkas")
    holder, officer, *others = academy.ask("make_people", prefix="juri", count=5, sign_in=False)
    people = {"holder": holder["id"], "officer": officer["id"], "names": [each["id"] for each in others]}
    made = academy.ask("make_verdicts", folder=str(folder), **people)
    hr = academy.ask("make_hr", prefix="juri.hr", agency="7701")
    owner, organiser, clerk = (
        academy.ask("make_sessions", people=[each])[0] for each in (holder["id"], officer["id"], hr["id"])
    )
    too_large = folder / "besar.pdf"
    too_large.write_bytes(b"%PDF-" + bytes(5 * 1024 * 1024))
    desk, one = "/pengelola/sertifikat", f"/pengelola/sertifikat/terbit/{made['id']}/"
    revoke = f"{desk}/terbit/cabut/?sertifikat={made['id']}"
    return [
        Sight("form", at("/verifikasi/")),
        Sight("help", at("/verifikasi/bantuan/")),
        *[Sight(f"code-{verdict}", at(f"/V/{code}")) for verdict, code in made["codes"].items()],
        Sight("code-unknown", at("/V/0000000000000000")),
        *[Sight(f"file-{verdict}", sent(berkas=path)) for verdict, path in made["files"].items()],
        Sight("number-genuine", sent(nomor=made["number"], penguat=holder["nip"][-4:])),
        Sight("refused-code", at("/verifikasi/?kode=salah")),
        Sight("refused-number", sent(nomor=made["number"], penguat="Orang Lain")),
        Sight("refused-fields", sent(nomor="", penguat="")),
        Sight("refused-file", sent(berkas=str(too_large))),
        Sight("mine", at("/sertifikat/"), owner),
        Sight("details", at("/sertifikat/data-cetak/"), owner),
        Sight("desk-hr", at("/kepegawaian/sertifikat/"), clerk),
        Sight("desk-issued", at(f"{desk}/terbit/"), organiser),
        Sight("desk-one", at(one), organiser),
        Sight("desk-reissue", at(f"{one}ganti/"), organiser),
        Sight("desk-revoke", at(revoke), organiser),
        Sight("desk-runs", at(f"{desk}/angkatan/"), organiser),
        Sight("desk-run", at(f"{desk}/angkatan/{made['run']}/"), organiser),
        Sight("refused-too-many", too_often),
    ]


@pytest.fixture(scope="module")
def programs() -> list[str]:
    """Both judges, to be put past the page's content security policy."""
    return [f"() => {{ {(PACKAGES / path).read_text()} }}" for path in JUDGES]


def let_in(page: Page, programs: list[str]) -> None:
    for program in programs:
        page.evaluate(program)


def findings(page: Page) -> list[str]:
    found: list[str] = [*page.evaluate(AXE, TAGS), *page.evaluate(SNIFFER)]
    return found


def test_the_judges_find_nothing(academy: Stack, browser: Browser, sights: list[Sight], programs: list[str]):
    found, titles = {}, {}
    for sight in sights:
        with window(browser, academy.base_url, session=sight.session) as (page, _watch):
            sight.go(page)
            titles[sight.name] = page.locator("h1").inner_text()
            let_in(page, programs)
            for width, scheme in WAYS_TO_SEE:
                page.set_viewport_size({"width": width, "height": 740})
                page.emulate_media(color_scheme=scheme)
                take_picture(page, f"juri-{sight.name}-{width}-{scheme}")
                if wrong := findings(page):
                    found[f"{sight.name}, {width} px, {scheme}"] = wrong
    assert found == {}
    assert {name: titles[name] for name in VERDICTS} == VERDICTS


def test_the_judges_find_what_is_wrong(academy: Stack, browser: Browser, programs: list[str]):
    with window(browser, academy.base_url) as (page, _watch):
        page.goto("/verifikasi/")
        let_in(page, programs)
        page.evaluate("document.querySelector('label[for=code]').remove()")
        page.evaluate("document.querySelector('.lead').style.color = '#bbb'")
        told = "\n".join(findings(page))
        assert all(
            word in told for word in ("axe label", "axe color-contrast", "htmlcs WCAG2AA.Principle1.Guideline1_3")
        )
        assert "htmlcs WCAG2AA.Principle1.Guideline1_4" in told
