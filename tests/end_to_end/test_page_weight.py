"""Promise P10: what a page costs on a weak line at first view, measured in Chromium; nothing comes from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.end_to_end.browsing import window
from tests.end_to_end.pages import Spot
from tests.end_to_end.stack import Stack

pytestmark = pytest.mark.end_to_end

LEARNER_PAGE_BYTES = 100_000
VERIFICATION_BYTES = 30_000


def weight(browser: Browser, base_url: str, spot: Spot) -> int:
    """The bytes that came over the line, headers included, with an empty cache."""
    with window(browser, base_url, session=spot.session) as (page, watch):
        session = page.context.new_cdp_session(page)
        received: list[float] = []
        session.send("Network.enable")
        session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.goto(spot.path, wait_until="networkidle")
        _see_everything(page)
        assert watch.foreign == []
    return int(sum(received))


def _see_everything(page: Any) -> None:
    """Scroll to the end, so that pictures that wait to be seen are counted too."""
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.wait_for_load_state("networkidle")


def test_every_page_is_light_at_first_view(academy: Stack, browser: Browser, spots: list[Spot]):
    weights = {spot.name: weight(browser, academy.base_url, spot) for spot in spots}
    print("\n".join(f"{name:<20}{size:>9}" for name, size in weights.items()))  # noqa: T201  shown with -s
    heavy = {name: size for name, size in weights.items() if size > LEARNER_PAGE_BYTES}
    assert heavy == {}
    public = {name: weights[name] for name in ("verification", "verify-form", "verify-help")}
    assert {name: size for name, size in public.items() if size > VERIFICATION_BYTES} == {}
