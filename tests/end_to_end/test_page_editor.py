"""The page editor of the CMS as it really works in a browser, under our content policy and in Indonesian."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.end_to_end.browsing import PHONE, take_picture, window
from tests.end_to_end.stack import Stack

pytestmark = pytest.mark.end_to_end

WATCHES_AFTER_MILLISECONDS = 2_500  # Wagtail takes what a form holds after two seconds as unchanged
MOST_TURNS = 200  # of a tenth of a second


@pytest.fixture(scope="module")
def desk(academy: Stack) -> dict[str, Any]:
    """A course with one module and two lessons, its author and a second reader."""
    author, reader = academy.ask("make_trainers", prefix="penyunting")
    course: dict[str, Any] = academy.ask("make_draft_course", title="Pelatihan Penyunting")
    return course | {"author": author, "reader": reader}


def editor_of(page: Page, key: int) -> None:
    page.goto(f"/cms/pages/{key}/edit/")
    expect(page.locator(".public-DraftEditor-content").first).to_be_visible()


def save_draft(page: Page) -> None:
    page.locator("[data-edit-form] .w-dropdown__toggle").last.click()
    page.get_by_role("button", name="Simpan konsep").and_(page.locator(":visible")).click()
    expect(page.get_by_text("telah disimpan").or_(page.locator(".messages .success")).first).to_be_visible()


def test_a_comment_reaches_the_second_reader(academy: Stack, browser: Browser, desk: dict[str, Any]):
    lesson, words = desk["lessons"][0], "Contohnya kurang dekat dengan pekerjaan di dinas."
    with window(browser, academy.base_url, session=desk["author"], width=1280) as (page, watch):
        editor_of(page, lesson)
        page.get_by_role("button", name="Buka atau tutup komentar").click()
        page.get_by_role("button", name="Tambah komentar").and_(page.locator(":visible")).first.click()
        page.get_by_placeholder("Tulis komentar…").fill(words)
        page.get_by_role("button", name="Komentar", exact=True).click()
        save_draft(page)
        watch.assert_quiet()
    with window(browser, academy.base_url, session=desk["reader"], width=1280) as (page, watch):
        editor_of(page, lesson)
        page.get_by_role("button", name="Buka atau tutup komentar").click()
        expect(page.get_by_text(words)).to_be_visible()
        take_picture(page, "penyunting-komentar")
        watch.assert_quiet()
    assert academy.ask("comments_on", page=lesson) == [words]


@pytest.mark.parametrize(
    ("label", "narrowest", "widest"), [("ponsel", 300, 400), ("tablet", 700, 800), ("komputer", 1200, 1400)]
)
def test_the_preview_is_as_wide_as_what_learners_hold(
    academy: Stack, browser: Browser, desk: dict[str, Any], label: str, narrowest: int, widest: int
):
    with window(browser, academy.base_url, session=desk["author"], width=1280) as (page, watch):
        editor_of(page, desk["lessons"][0])
        page.get_by_role("button", name="Buka atau tutup pratinjau").click()
        page.locator("label", has=page.get_by_label(f"Pratinjau ukuran {label}")).click()
        shown = page.frame_locator("#w-preview-iframe")
        expect(shown.get_by_role("heading", name="Materi 1.1")).to_be_visible()
        page.wait_for_function(
            "([least, most]) => { const w = document.querySelector('#w-preview-iframe').contentWindow.innerWidth;"
            " return least <= w && w <= most; }",
            arg=[narrowest, widest],
        )
        take_picture(page, f"penyunting-pratinjau-{label}")
        watch.assert_quiet()


def test_the_preview_opens_on_a_phone_and_a_module_has_one(academy: Stack, browser: Browser, desk: dict[str, Any]):
    with window(browser, academy.base_url, session=desk["author"], width=PHONE["width"]) as (page, watch):
        page.goto(f"/cms/pages/{desk['module']}/edit/")
        page.get_by_role("button", name="Buka atau tutup pratinjau").click()
        shown = page.frame_locator("#w-preview-iframe")
        expect(shown.get_by_text("1.2 Materi 1.2")).to_be_visible()
        take_picture(page, "penyunting-pratinjau-modul-360")
        watch.assert_quiet()


def test_comparing_two_drafts_marks_what_changed(academy: Stack, browser: Browser, desk: dict[str, Any]):
    lesson = desk["lessons"][1]
    with window(browser, academy.base_url, session=desk["author"], width=1280) as (page, watch):
        for summary in ("Ringkasan lama.", "Ringkasan baru."):
            editor_of(page, lesson)
            page.locator("[name=summary]").fill(summary)
            save_draft(page)
        page.goto(f"/cms/pages/{lesson}/revisions/compare/earliest...latest/")
        expect(page.locator("main")).to_contain_text(re.compile("Ringkasan", re.IGNORECASE))
        assert page.locator(".comparison .deletion").all_inner_texts() == ["lama."]
        assert page.locator(".comparison .addition").all_inner_texts() == ["baru."]
        take_picture(page, "penyunting-banding")
        assert "compar" not in page.locator("main").inner_text().lower()
        watch.assert_quiet()


def test_publishing_waits_for_a_draft_that_saves_itself(academy: Stack, browser: Browser, desk: dict[str, Any]):
    """On a slow line the first saving of a new page is still under way when its button is pressed."""

    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST" and route.request.headers.get("accept") == "application/json":
            held.append(route)
        else:
            route.continue_()

    with window(browser, academy.base_url, session=desk["author"], width=1280) as (page, watch):
        page.route(re.compile(r"/cms/pages/add/courses/modulepage/\d+/(\?|$)"), hold)
        outline = f"/cms/pelatihan/{desk['page']}/susunan/"
        page.goto(f"/cms/pages/add/courses/modulepage/{desk['page']}/?next={outline}")
        page.wait_for_timeout(WATCHES_AFTER_MILLISECONDS)
        page.locator("[name=title]").press_sequentially("Modul dari jalur lambat")
        page.keyboard.press("Tab")
        for _turn in range(MOST_TURNS):
            if not held:
                page.wait_for_timeout(100)
        page.get_by_role("button", name="Terbitkan", exact=True).click()
        page.wait_for_timeout(1_000)
        assert "/add/" in page.url
        held[0].continue_()
        expect(page).to_have_url(re.compile(outline))
        expect(page.get_by_role("link", name="Modul dari jalur lambat", exact=True)).to_have_count(1)
        assert len(held) == 1
        watch.assert_quiet()


def test_the_editor_of_tables_is_quiet_and_speaks_indonesian(academy: Stack, browser: Browser, desk: dict[str, Any]):
    with window(browser, academy.base_url, session=desk["author"], width=1280) as (page, watch):
        editor_of(page, desk["lessons"][0])
        page.locator("[data-streamfield-stream-container] .c-sf-add-button").last.click()
        page.get_by_role("option", name=re.compile(r"^Tabel\b")).first.click()
        page.locator(".handsontable td").first.click(button="right")
        expect(page.get_by_text("Sisipkan baris di atas")).to_be_visible()
        watch.assert_quiet()
