"""A browser without a screen: cookies, redirects, links and forms over real HTTP, with the standard library only."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

MOST_REDIRECTS = 8
TIMEOUT_SECONDS = 60


@dataclass
class Field:
    name: str
    kind: str
    value: str
    is_sent: bool  # without a change by the reader


@dataclass
class Form:
    action: str
    method: str
    fields: list[Field] = field(default_factory=list)
    text: str = ""

    def data(self, **changes: str | list[str]) -> list[tuple[str, str]]:
        """What a browser would send after the reader made `changes`; a list ticks several boxes."""
        sent = [(each.name, each.value) for each in self.fields if each.is_sent and each.name not in changes]
        names = {each.name for each in self.fields}
        for name, value in changes.items():
            assert name in names, f"the form to {self.action} has no field {name}, but {sorted(names)}"
            sent += [(name, each) for each in ([value] if isinstance(value, str) else value)]
        return sent


@dataclass
class Link:
    url: str
    text: str


class Page(HTMLParser):
    """The parts of a page that a reader can use."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[Link] = []
        self.forms: list[Form] = []
        self.title = ""
        self._words: list[str] = []
        self._link: Link | None = None
        self._form: Form | None = None
        self._select = ""
        self._hidden = ""  # the element whose text is no text of the page
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "title", "svg"}:
            self._hidden = self._hidden or tag
        if tag == "a" and "href" in a:
            self._link = Link(a["href"], "")
            self.links.append(self._link)
        elif tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get").upper())
            self.forms.append(self._form)
        elif tag in {"input", "button", "select", "textarea", "option"} and self._form is not None:
            self._add_field(tag, a)

    def _add_field(self, tag: str, a: dict[str, str]) -> None:
        assert self._form is not None
        kind = a.get("type", "submit" if tag == "button" else "text") if tag in {"input", "button"} else tag
        if tag == "select":
            self._select = a.get("name", "")
        if tag == "option":
            self._form.fields.append(Field(self._select, "option", a.get("value", ""), "selected" in a))
        elif a.get("name") and tag != "select":
            sent = kind not in {"submit", "button", "image"} and (kind not in {"radio", "checkbox"} or "checked" in a)
            self._form.fields.append(Field(a["name"], kind, a.get("value", "on"), sent and "disabled" not in a))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""
        if tag == "a":
            self._link = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._hidden == "title":
            self.title += data
        if self._hidden:
            return
        self._words.append(data)
        if self._link is not None:
            self._link.text = f"{self._link.text} {data.strip()}".strip()
        if self._form is not None:
            self._form.text = f"{self._form.text} {data.strip()}".strip()

    def form(self, *, action: str = "", having: str = "") -> Form:
        """The one form whose address contains `action` and that has a field `having`."""
        found = [
            form
            for form in self.forms
            if action in form.action and (not having or having in {each.name for each in form.fields})
        ]
        assert len(found) == 1, f"{len(found)} forms to {action!r} with {having!r}; all: {self.forms}"
        return found[0]

    def link(self, part: str) -> str:
        """The address of the first link whose address contains `part`."""
        found = [link.url for link in self.links if part in link.url]
        assert found, f"no link to {part}; all: {[link.url for link in self.links]}"
        return found[0]


@dataclass
class Answer:
    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def page(self) -> Page:
        return Page(self.html)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """Somebody with one cookie jar. Follows redirects within the academy and fails on one that leads out."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.cookies: dict[str, str] = {}

    def get(self, url: str, *, follow: bool = True) -> Answer:
        return self._travel("GET", url, None, follow=follow)

    def post(self, url: str, data: list[tuple[str, str]] | dict[str, str], *, follow: bool = True) -> Answer:
        return self._travel("POST", url, urlencode(data).encode(), follow=follow)

    def submit(self, answer: Answer, form: Form, *, follow: bool = True, **changes: str | list[str]) -> Answer:
        """Send a form of the page in `answer` as a browser would."""
        return self.send(answer, form, changes, follow=follow)

    def send(
        self, answer: Answer, form: Form, changes: Mapping[str, str | list[str]], *, follow: bool = True
    ) -> Answer:
        """The same with changes whose names come from elsewhere."""
        url = urljoin(answer.url, form.action or answer.url)
        data = form.data(**changes)
        if form.method == "GET":
            return self.get(f"{url.split('?')[0]}?{urlencode(data)}", follow=follow)
        return self.post(url, data, follow=follow)

    def sign_in(self, login: str, password: str, *, then: str = "/belajar/") -> Answer:
        page = self.get(f"/masuk/?next={then}")
        answer = self.submit(page, page.page.form(having="password"), login=login, password=password)
        assert answer.path == then, f"signing in led to {answer.path} ({answer.status})"
        return answer

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _travel(self, method: str, url: str, body: bytes | None, *, follow: bool) -> Answer:
        url = urljoin(self.base_url, url)
        for _step in range(MOST_REDIRECTS):
            answer = self._ask(method, url, body)
            if not follow or answer.status not in {301, 302, 303, 307, 308}:
                return answer
            url = urljoin(url, answer.headers["Location"])
            assert url.startswith(self.base_url + "/"), f"{answer.url} redirects out of the academy, to {url}"
            if answer.status in {301, 302, 303}:
                method, body = "GET", None
        raise AssertionError(f"too many redirects, the last to {url}")

    def _ask(self, method: str, url: str, body: bytes | None) -> Answer:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        headers = {"Cookie": self.cookie_header} if self.cookies else {}
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base_url}
        try:
            connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
            response = connection.getresponse()
            answer = Answer(url, response.status, response.headers, response.read())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.split(";", 1)[0].partition("=")
            if "max-age=0" in line.lower():
                self.cookies.pop(name.strip(), None)
            else:
                self.cookies[name.strip()] = value
        return answer
