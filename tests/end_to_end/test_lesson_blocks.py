"""A lesson with every kind of block, in light, in the dark and on paper: readable, and worked by keyboard without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.browsing import PHONE, take_picture, window
from tests.end_to_end.pages import Spot
from tests.end_to_end.stack import Stack

pytestmark = pytest.mark.end_to_end

LEAST_CONTRAST = 4.5

# The contrast of each text with the nearest ground that is painted behind it (WCAG 2.2, 1.4.3).
FAINT = """(least) => {
  const channels = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(c => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (let p = e; p; p = p.parentElement) {
    const c = channels(getComputedStyle(p).backgroundColor); if (c.length < 4 || c[3] > .99) return c; } return [255, 255, 255]; };
  const texts = [...document.querySelectorAll(".lesson *")].filter(e => e.checkVisibility()
    && [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
  return texts.map(e => { const [a, b] = [light(channels(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    return [(a + .05) / (b + .05), e.outerHTML.slice(0, 90)]; }).filter(([ratio]) => ratio < least).map(([r, h]) => `${r.toFixed(2)} ${h}`);
}"""
OPEN_ALL = "document.querySelectorAll('.lesson details').forEach(e => { e.open = true })"


@pytest.fixture(scope="module")
def lesson(spots: list[Spot]) -> Spot:
    return next(spot for spot in spots if spot.name == "every-block")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE["width"], 1280])
def test_every_text_stands_out_in_both_themes(academy: Stack, browser: Browser, lesson: Spot, scheme, width):
    with window(browser, academy.base_url, session=lesson.session, width=width) as (page, watch):
        page.emulate_media(color_scheme=scheme)
        page.goto(lesson.path)
        take_picture(page, f"blocks-closed-{width}-{scheme}")
        page.evaluate(OPEN_ALL)
        take_picture(page, f"blocks-{width}-{scheme}")
        assert page.evaluate(FAINT, LEAST_CONTRAST) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        watch.assert_quiet()


def test_a_check_answers_to_the_keyboard_without_scripts(academy: Stack, browser: Browser, lesson: Spot):
    with window(browser, academy.base_url, session=lesson.session, scripts=False) as (page, watch):
        page.goto(lesson.path)
        options = page.locator(".check summary")
        for number, word in enumerate(["Belum tepat", "Tepat", "Belum tepat"]):
            options.nth(number).focus()
            page.keyboard.press("Enter")
            assert page.locator(".check__verdict").nth(number).inner_text().strip() == word
            assert page.locator(".check__verdict").nth(number).is_visible()
        watch.assert_quiet()


def test_on_paper_what_was_closed_is_shown(academy: Stack, browser: Browser, lesson: Spot):
    with window(browser, academy.base_url, session=lesson.session, width=1280) as (page, _watch):
        page.goto(lesson.path)
        transcript = page.locator(".transcript p").first
        assert not transcript.is_visible()
        page.emulate_media(media="print")
        for hidden in (".transcript p", ".figure__description p", ".check__feedback p"):
            assert page.locator(hidden).first.is_visible()
        take_picture(page, "blocks-print")
