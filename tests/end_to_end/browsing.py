"""Chromium for tests: how it is started, and a watch over everything that must not happen while somebody reads."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

PHONE = {"width": 360, "height": 740}
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MILLISECONDS = 20_000  # five, as usual, are too few where the machine has more to do
expect.set_options(timeout=PATIENCE_MILLISECONDS)


def program() -> str:
    """The path of Chromium."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    assert path, f"none of {NAMES} is installed"
    return path


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """Collects console errors (refusals by the content security policy are among them) and foreign requests."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.base_url = base_url
        self.errors: list[str] = []
        self.foreign: list[str] = []
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", lambda request: self._look_at(request.url))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def _look_at(self, url: str) -> None:
        if not url.startswith((self.base_url + "/", "data:", "blob:")):
            self.foreign.append(url)

    def assert_quiet(self) -> None:
        assert self.errors == [], self.errors
        assert self.foreign == [], self.foreign


@contextlib.contextmanager
def window(
    browser: Browser, base_url: str, *, scripts: bool = True, session: str = "", width: int = PHONE["width"]
) -> Iterator[tuple[Page, Watch]]:
    """A new reader's window on the academy, Indonesian and phone-sized; `session` is that of somebody signed in."""
    context = browser.new_context(
        base_url=base_url,
        java_script_enabled=scripts,
        locale="id-ID",
        timezone_id="Asia/Makassar",
        viewport={"width": width, "height": PHONE["height"]},
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    if session:
        context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    try:
        yield context.new_page(), Watch(context, base_url)
    finally:
        context.close()


def take_picture(page: Page, name: str) -> None:
    """A picture of the whole page, when SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def choose(page: Page, field: str, option: str) -> None:
    """Click the words of an answer, as people do: a click on the place of its circle may meet what lies above by then."""
    answer = page.locator(f"input[name='{field}'][value='{option}']")
    page.locator("label", has=answer).click()
    expect(answer).to_be_checked()
