"""All addresses of the academy, read from the resolver, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

# Wagtail's own: its admin has its own tests, its catch-all leads to pages, which are walked by their addresses.
NOT_OURS = ("cms/",)


@dataclass(frozen=True)
class Door:
    """One address with places for its parameters: `belajar/%(enrolment)s/`."""

    template: str
    parameters: tuple[str, ...]
    name: str
    callback: Callable[..., Any]

    def path(self, values: dict[str, Any]) -> str:
        """The address with these values, percent-encoded."""
        texts = {each: values[each] for each in self.parameters}
        return "/" + self.template % {
            each: quote(text if isinstance(text, bytes) else str(text), safe="") for each, text in texts.items()
        }


def doors() -> list[Door]:
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, prefix: str) -> Iterator[Door]:
    for each in resolver.url_patterns:
        raw = prefix + str(each.pattern.regex.pattern).removeprefix("^")
        if isinstance(each, URLResolver):
            yield from _walk(each, raw)
        elif isinstance(each, URLPattern):
            for template, parameters in normalize(raw):
                if not template.startswith(NOT_OURS):
                    yield Door(template, tuple(parameters), each.name or "", each.callback)
