"""Whatever authors, importers and officers write, nothing of it runs in anybody's browser.

Every field of every row holds texts of `xss_corpus` (`xss_planting`), and each kind of reader opens every page there is.
A page fails when a text ran, when it became an element or attribute of the page, be it one that the content security
policy kept from running, and when the page complains in the console.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.async_api import Browser, BrowserContext, Dialog, Error, Page, Response, async_playwright

from tests.authorization.test_matrix import LINES, patterns
from tests.end_to_end.browsing import ARGUMENTS, program
from tests.end_to_end.stack import Stack, fresh_database
from tests.end_to_end.xss_corpus import CORPUS, LINKS, MARKUPS, QUERIES, REMAINS

pytestmark = pytest.mark.end_to_end

QUESTIONS = "tests.end_to_end.xss_planting"
READERS = (
    "anonymous", "learner", "trainer", "reviewer", "organiser", "HR of A", "operator", "data protection officer",
    "superuser",
)  # fmt: skip
# Other languages, ends, probes; files have a test of their own; a button of the CMS that leads nowhere without rows.
LEFT_OUT = re.compile(r"^/(bahasa|keluar|cms/logout|static|readyz|metrics|healthz|media|dokumen|cms/bulk)\b")
# There is no icon; styles are left out; a form may be refused; Wagtail cannot name a time zone, has no Indonesian tables,
# and its autosave cannot take a page of so many blocks.
NO_MATTER = re.compile(
    r"favicon\.ico|ERR_BLOCKED_BY_CLIENT|status of 422|time zone specified: localtime|Language with code|400 \(Bad Request\) \S+/edit/"
)
RAW = """<p>TEXT</p><p title="TEXT"></p><p title='TEXT'></p><a href="TEXT">x</a><textarea>TEXT</textarea><p tabindex=0 title=TEXT>
<script>var a = "TEXT"</script><script>var b = 'TEXT'</script><script>var c = `TEXT`</script>
<script>var d = "QUOTED"</script><script>var e = 'QUOTED'</script>"""
CLICK = "[...document.querySelectorAll('a')].filter(a => a.protocol === 'javascript:').forEach(a => a.click())"
FORM = """[...document.querySelectorAll("form[method=post i]")].find(form =>
  [...form.elements].some(field => ["text", "textarea", "url"].includes(field.type) && field.value.includes("xss")))"""
HAS_FORM, SEND = f"!!({FORM})", f"{{ const form = {FORM}; form.noValidate = true; form.requestSubmit(); }}"
AUTHORS = {"superuser": 15, "HR of A": 2, "operator": 2}  # and how many forms they send at least
SEARCHES = [
    ("anonymous", "/katalog/?q="),
    ("anonymous", "/verifikasi/?kode="),
    ("HR of A", "/laporan/pegawai/?q="),
    ("HR of A", "/laporan/?q="),
    ("superuser", "/cms/pages/search/?q="),
    ("superuser", "/cms/images/?q="),
    ("superuser", "/cms/documents/?q="),
    ("trainer", "/cms/snippets/courses/question/?q="),
    ("operator", "/pengelola/instansi/?q="),
    ("operator", "/pengelola/peran/?q="),
]
# Their rights in the CMS differ in buttons: what one of them opened there the others do not. A superuser opens all of it.
AT_THE_DESK = {"trainer", "reviewer", "organiser"}


@dataclass(frozen=True)
class Academy:
    """A web server on an academy full of texts of the corpus, and what `xss_planting.plant` told."""

    stack: Stack
    told: dict[str, Any]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Academy]:
    with fresh_database(os.environ.get("DATABASE_URL", ""), f"academy_xss_{os.getpid()}") as database_url:
        stack = Stack(tmp_path_factory.mktemp("xss"), database_url=database_url, questions=QUESTIONS)
        try:
            stack.prepare()
            told = stack.ask("plant")
            stack.start("web")
            stack.wait_until_ready("/healthz")
            yield Academy(stack, told)
        finally:
            stack.close()


class Victim:
    """One reader's browser. `fired` tells which text ran where, `wrong` what else was found."""

    def __init__(self, base_url: str, kinds: dict[str, str] | None = None, *, of_cms: set[str] | None = None) -> None:
        """`of_cms` holds what was opened of the CMS by readers who see the same of it."""
        self.base_url = base_url
        self.kinds = kinds or {}
        self.of_cms = set() if of_cms is None else of_cms
        self.asked: dict[str, set[str]] = {}
        self.fired: list[str] = []
        self.wrong: list[str] = []
        self.routes: dict[str, str] = {}
        self.saved = 0
        self.page: Page

    async def sit_down(self, browser: Browser, session: str = "") -> None:
        context: BrowserContext = await browser.new_context(base_url=self.base_url, locale="id-ID")
        context.set_default_timeout(60_000)
        if session:
            await context.add_cookies([{"name": "sessionid", "value": session, "url": self.base_url}])
        await context.expose_binding(
            "__xss", lambda source, number: self.fired.append(f"{number} at {source['page'].url}")
        )
        context.on("console", lambda message: self._hear(message.type, f"{message.text} {message.location['url']}"))
        context.on("weberror", lambda error: self._hear("error", str(error.error)))
        context.on("request", lambda request: self._look_at(request.url))
        context.on("dialog", self._dismiss)
        self.page = await context.new_page()
        tools = await context.new_cdp_session(self.page)
        await tools.send("Network.enable")
        await tools.send("Network.setBlockedURLs", {"urls": ["*.css", "*.woff2"]})  # no text runs by how a page looks

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and not NO_MATTER.search(text):
            self.wrong.append(f"{text} at {self.page.url}")

    def _look_at(self, url: str) -> None:
        if not url.startswith((self.base_url + "/", "data:", "blob:")):
            self.wrong.append(f"fetches {url} at {self.page.url}")

    async def _dismiss(self, dialog: Dialog) -> None:
        if dialog.type != "beforeunload":
            self.fired.append(f"{dialog.type} {dialog.message} at {self.page.url}")
        await dialog.accept()

    async def crawl(self, addresses: list[str]) -> None:
        """Open these, and what they lead to, each kind of page once."""
        queue = deque(addresses)
        while queue:
            path = queue.popleft()
            if not LEFT_OUT.match(path) and self.is_new(path, given=path in addresses):
                queue.extend(await self.open(path))

    def is_new(self, path: str, *, given: bool) -> bool:
        """Whether the page was not opened yet, or not with everything that it is asked for here. Asks once."""
        route, asked = self.route_of(path)
        if not route or (route in self.of_cms and not given) or (route in self.asked and asked <= self.asked[route]):
            return False
        if route.startswith("cms/"):
            self.of_cms.add(route)
        self.asked.setdefault(route, set()).update(asked)
        self.routes[f"{route} {sorted(asked)}"] = path
        return True

    def route_of(self, path: str) -> tuple[str, set[str]]:
        """The pattern of an address with the page shown or the kind of page edited, and the names of what is asked for."""
        parts = urlsplit(path)
        try:
            match = resolve(parts.path)
        except Resolver404:
            return "", set()
        if match.route.startswith("cms/"):
            return f"{match.route} {self.kinds.get(str(match.kwargs.get('page_id')), '')}", set()
        asked = set(re.findall(r"([a-z]+)=", parts.query))
        return f"{match.route} {match.args} {match.kwargs.get('activity', '')}", asked

    async def go(self, path: str) -> Response | None:
        """The answer; nothing for a file, which the browser saves."""
        try:
            return await self.page.goto(path)
        except Error as error:
            if "Download is starting" not in error.message:
                raise
            return None

    async def open(self, path: str) -> list[str]:
        """What is wrong with a page goes to `wrong`; returns the addresses it leads to."""
        answer = await self.go(path)
        if answer is None:
            await self.look_at_file(path)
            return []
        if answer.status != 200:
            self.wrong.append(f"{answer.status} at {path}")
            return []
        if "html" not in answer.headers.get("content-type", ""):
            await self.look_at_file(path)
            return []
        self.wrong += [f"{remains} at {path}" for remains in await self.page.evaluate(REMAINS)]
        links = await self.page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")
        return [found for link in links if (found := self.inside(link))]

    async def look_at_file(self, path: str) -> None:
        """What is no page says what it is, and a browser may not guess otherwise; an upload may run nothing at all."""
        answer = await self.page.context.request.get(path)
        headers = answer.headers
        policy = headers.get("content-security-policy", "")
        if headers.get("x-content-type-options") != "nosniff" or "html" in headers.get("content-type", "html"):
            self.wrong.append(f"{headers} at {path}")
        if path.startswith(("/media/", "/dokumen/")) and "default-src 'none'" not in policy:
            self.wrong.append(f"{policy} at {path}")

    async def save(self, path: str) -> bool:
        """Open a page, and send its form as it is, full of the texts that stand there; whether there is such a form."""
        if await self.go(path) is None or not await self.page.evaluate(HAS_FORM):
            return False
        async with self.page.expect_navigation():
            await self.page.evaluate(SEND)
        self.wrong += [f"{remains} after {path}" for remains in await self.page.evaluate(REMAINS)]
        return True

    def inside(self, link: str) -> str:
        """Path and query of a link to this academy, else nothing."""
        try:
            parts = urlsplit(urljoin(self.page.url, link))
        except ValueError:
            return ""
        if f"{parts.scheme}://{parts.netloc}" != self.base_url:
            return ""
        return parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.fixture(scope="module")
def crawled(planted: Academy) -> dict[str, Victim]:
    """All readers at once, each opening everything (of the CMS: see AT_THE_DESK).

    Then the authors send every form with the texts that stand in it.
    """

    def begin_at(reader: str) -> list[str]:
        has_desk = reader in AT_THE_DESK or reader == "superuser"
        return [*planted.told["addresses"][reader], "/", *["/cms/"] * has_desk]

    async def all_readers() -> dict[str, Victim]:
        of_desk: set[str] = set()
        base_url, kinds = planted.stack.base_url, planted.told["kinds"]
        victims = {
            reader: Victim(base_url, kinds, of_cms=of_desk if reader in AT_THE_DESK else None) for reader in READERS
        }
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
            for reader, victim in victims.items():
                await victim.sit_down(browser, planted.told["sessions"][reader])
            await asyncio.gather(*[victim.crawl(begin_at(reader)) for reader, victim in victims.items()])
            for (reader, path), query in zip(SEARCHES, cycle(QUERIES), strict=False):
                await victims[reader].open(path + quote(query))
            for reader in AUTHORS:
                for path in list(victims[reader].routes.values()):
                    victims[reader].saved += await victims[reader].save(path)
            await browser.close()
        return victims

    return asyncio.run(all_readers())


@pytest.mark.parametrize("reader", READERS)
def test_nothing_runs_for(crawled: dict[str, Victim], reader: str):
    victim = crawled[reader]
    assert victim.fired == []
    assert victim.wrong == []


def test_uploads_opened_by_themselves_run_nothing(planted: Academy):
    """A drawing with scripts, and a page named as a table: the browser opens or saves them, and complains of the rest."""

    async def opened() -> Victim:
        victim = Victim(planted.stack.base_url)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
            await victim.sit_down(browser)
            for path in planted.told["files"]:
                await victim.go(path)
                await victim.page.wait_for_timeout(50)
                victim.wrong.clear()
            for path in planted.told["files"]:
                await victim.look_at_file(path)
            await browser.close()
        return victim

    victim = asyncio.run(opened())
    assert len(planted.told["files"]) > 2
    assert victim.fired == []
    assert victim.wrong == []


def test_authors_have_sent_the_texts_through_their_forms(crawled: dict[str, Victim], planted: Academy):
    assert {reader: crawled[reader].saved >= most for reader, most in AUTHORS.items()} == dict.fromkeys(AUTHORS, True)
    assert planted.told["came"] == {"people": len(CORPUS), "lessons": 1}


def test_every_address_for_reading_was_opened(crawled: dict[str, Victim]):
    """The table of who opens what, and all that the CMS shows without being asked for one row of Wagtail's own."""
    opened = {route.split(" ")[0] for victim in crawled.values() for route in victim.routes}
    names = {line.name for line in LINES if line.method == "GET" and "ok" in line.expected.values()}
    wanted = {whole for whole, pattern in patterns() if (pattern.name or pattern.callback.__name__) in names}
    assert {whole for whole in wanted - opened if not LEFT_OUT.match(f"/{whole}")} == set()
    assert len([route for route in opened if route.startswith("cms/")]) > 70


def test_every_field_that_somebody_writes_was_planted(planted: Academy):
    assert planted.told["empty"] == [], "make a row of these models in xss_planting.make_rows"
    assert len(CORPUS) >= 100
    assert {each.number for each in (*MARKUPS, *LINKS)} == set(planted.told["planted"])


def test_every_text_is_noticed_where_a_page_prints_it_raw():
    """The watch can fail: nearly all texts run in a page that escapes nothing, and none leaves such a page unnoticed."""

    async def unnoticed() -> tuple[set[str], set[int]]:
        quiet: set[str] = set()
        ran: set[int] = set()
        victim = Victim("http://raw.test")
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program(), args=ARGUMENTS)
            await victim.sit_down(browser)
            await victim.page.context.route("**/*", lambda route: route.abort())
            for payload in CORPUS:
                victim.fired.clear()
                quoted = re.sub("(['\"])", r"\\\1", payload.text)
                await victim.page.set_content(RAW.replace("TEXT", payload.text).replace("QUOTED", quoted))
                remains = await victim.page.evaluate(REMAINS)
                await victim.page.evaluate(CLICK)
                await victim.page.wait_for_timeout(20)
                if victim.fired:
                    ran.add(payload.number)
                elif not remains:
                    quiet.add(payload.text)
            await browser.close()
        return quiet, ran

    quiet, ran = asyncio.run(unnoticed())
    assert quiet == set()
    assert len(ran) >= 60
