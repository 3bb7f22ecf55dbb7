"""What every page owes to readers with a keyboard, a screen reader, a small screen or an unsteady hand (WCAG 2.2 AA)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.end_to_end.browsing import window
from tests.end_to_end.pages import Spot
from tests.end_to_end.stack import Stack

pytestmark = pytest.mark.end_to_end

NARROWEST = 320
RULES = ("structure", "labels", "width", "targets", "focus")
SMALLEST_TARGET = 24

STRUCTURE = """() => {
  const problems = [];
  if (document.documentElement.lang !== "id") problems.push(`lang is "${document.documentElement.lang}"`);
  if (!document.title.trim()) problems.push("no title");
  const mains = document.querySelectorAll("main").length;
  if (mains !== 1) problems.push(`${mains} main`);
  const levels = [...document.querySelectorAll("h1,h2,h3,h4,h5,h6")].map(h => Number(h.tagName[1]));
  const firsts = levels.filter(level => level === 1).length;
  if (firsts !== 1) problems.push(`${firsts} h1`);
  levels.forEach((level, i) => { if (i && level > levels[i - 1] + 1) problems.push(`h${levels[i - 1]} then h${level}`); });
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  for (const id of new Set(ids)) if (ids.filter(each => each === id).length > 1) problems.push(`id ${id} twice`);
  for (const image of document.querySelectorAll("img:not([alt])")) problems.push(`no alt: ${image.src}`);
  return problems;
}"""

LABELS = """() => {
  const named = e => (e.labels && [...e.labels].some(l => l.textContent.trim())) || e.getAttribute("aria-label")
    || (e.getAttribute("aria-labelledby") || "").split(" ").some(id => document.getElementById(id)?.textContent.trim());
  const fields = [...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(e => !named(e));
  const silent = [...document.querySelectorAll("a[href], button, summary")].filter(
    e => !e.textContent.trim() && !e.getAttribute("aria-label") && !e.querySelector("img[alt]:not([alt=''])"));
  return [...fields, ...silent].map(e => e.outerHTML.slice(0, 120));
}"""

# WCAG 2.5.8: 24 by 24, unless the target is a link in a line of text or its 24 px circle meets no other target.
TARGETS = """(smallest) => {
  const boxes = [...document.querySelectorAll("a[href], button, summary, input:not([type=hidden]), select, textarea")]
    .filter(e => e.checkVisibility({visibilityProperty: true}) && !e.closest("p, li p, dd, td.prose, .prose"))
    .map(e => (["radio", "checkbox"].includes(e.type) && e.closest("label")) || e)
    .map(e => ({ e, r: e.getBoundingClientRect() })).filter(b => b.r.width && b.r.height && b.r.right > 0 && b.r.bottom > 0);
  const far = (a, b) => Math.hypot(a.r.x + a.r.width / 2 - (b.r.x + b.r.width / 2),
    a.r.y + a.r.height / 2 - (b.r.y + b.r.height / 2)) >= smallest;
  return boxes.filter(b => (b.r.width < smallest || b.r.height < smallest)
      && boxes.some(other => other.e !== b.e && !far(b, other)))
    .map(b => `${Math.round(b.r.width)}x${Math.round(b.r.height)} ${b.e.outerHTML.slice(0, 100)}`);
}"""

WIDER = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const inBox = e => { for (let p = e.parentElement; p; p = p.parentElement)
    if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(p).overflowX)) return true; return false; };
  return [`${document.documentElement.scrollWidth} > ${width}`].concat([...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > width + 1 && !inBox(e)).slice(0, 5).map(e => e.outerHTML.slice(0, 100)));
}"""

FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const s = getComputedStyle(e), holder = getComputedStyle(e.closest("label") || e);
  const shown = s => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1) || s.boxShadow !== "none";
  const r = e.getBoundingClientRect();
  return { html: e.outerHTML.slice(0, 100), shown: shown(s) || shown(holder), size: r.width * r.height };
}"""


@pytest.fixture(scope="module")
def problems(academy: Stack, browser: Browser, spots: list[Spot]) -> dict[str, dict[str, list[str]]]:
    """Every page looked at once, on the narrowest screen: rule → page → what is wrong.

    One window for each reader: Chromium takes longer to open a window than to open a page.
    """
    found: dict[str, dict[str, list[str]]] = {rule: {} for rule in RULES}
    for session in dict.fromkeys(spot.session for spot in spots):
        with window(browser, academy.base_url, session=session, width=NARROWEST) as (page, _watch):
            for spot in spots:
                if spot.session == session:
                    page.goto(spot.path)
                    for rule, wrong in look_at(page).items():
                        found[rule][spot.name] = wrong
    return found


def look_at(page: Page) -> dict[str, list[str]]:
    """Rule → what is wrong with the page that is open."""
    found = {
        "structure": page.evaluate(STRUCTURE),
        "labels": page.evaluate(LABELS),
        "width": page.evaluate(WIDER),
        "targets": page.evaluate(TARGETS, SMALLEST_TARGET),
    }
    unseen: list[str] = []
    for _press in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus is None:
            break
        if not focus["shown"] and focus["html"] not in unseen:
            unseen.append(focus["html"])
    return found | {"focus": unseen}


@pytest.mark.parametrize("rule", RULES)
def test_every_page_keeps_the_rule(problems: dict[str, dict[str, list[str]]], rule: str):
    assert {name: wrong for name, wrong in problems[rule].items() if wrong} == {}
