"""Every address × every kind of reader × the relation of the object (promise P4). The table stands in matrix.txt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django.plugin import DjangoDbBlocker

from academy.people.models import Person
from tests.authorization.world import World, make_world
from tests.lasting import made_once

TABLE = Path(__file__).with_name("matrix.txt")
READERS = ("anonymous", "learner", "trainer", "HR of A1", "HR of A", "HR of B", "organiser", "operator")
NOBODYS = 999_999
# What fills an address: from the world and the person whose object is asked for.
FILLED: dict[str, Callable[[World, Person], Any]] = {
    "enrolment": lambda world, owner: world.enrolment(owner).pk,
    "activity": lambda world, _owner: world.edition.activities.get(kind="quiz").activity,
    "number": lambda _world, _owner: 1,
    "code": lambda world, owner: world.certificate_code(owner),
    "certificate": lambda world, owner: world.certificate(owner).pk,
    "proposal": lambda world, owner: world.proposal(owner).pk,
    "course_key": lambda world, _owner: world.edition.course.key,
    "pk": lambda _world, owner: owner.pk,
    "unit": lambda _world, owner: owner.unit_id,
    "recount": lambda world, owner: world.recount(owner).pk,
    "role": lambda world, owner: world.role(owner).pk,
    "word": lambda _world, _owner: "csv",
    "run": lambda world, owner: world.enrolment(owner).run_id,
    "year": lambda _world, _owner: 2026,
    "language": lambda _world, _owner: "en",
    "path": lambda _world, _owner: "images/none.png",
    "uidb36": lambda _world, _owner: "1",
    "key": lambda _world, _owner: "set-password",
    "path_key": lambda _world, _owner: "tidak-ada",
    "restriction_id": lambda _world, _owner: NOBODYS,
    "page_view_restriction_id": lambda _world, _owner: NOBODYS,
    "page_id": lambda _world, _owner: NOBODYS,
}
# Addresses whose parameters need more than their name.
SPECIAL: dict[str, Callable[[World, Person], dict[str, Any]]] = {
    "complete": lambda world, owner: {
        "enrolment": world.enrolment(owner).pk,
        "activity": world.edition.activities.get(position=1).activity,
    },
}
SPECIAL |= {
    name: lambda world, owner: {"pk": world.roster_import(owner).pk}
    for name in (
        "import_job",
        "import_columns",
        "import_confirm",
        "import_discard",
        "import_undo",
        "import_refused_rows",
    )
}
SPECIAL |= {
    name: lambda world, owner: {"pk": world.assignment(owner).pk}
    for name in ("assignment", "assignment_confirm", "assignment_discard")
}
SPECIAL["assignment_take_back"] = lambda world, owner: {"pk": world.finished_assignment(owner).pk}
SPECIAL["operator_agency"] = lambda world, owner: {"pk": world.roster_import(owner).agency_id}
SPECIAL["operator_group"] = lambda world, _owner: {"pk": world.group.pk}
SPECIAL["operator_end"] = lambda world, owner: {"pk": world.role(owner).pk}
SPECIAL |= {name: lambda world, owner: {"transfer": world.transfer(owner).pk} for name in ("hr_withdraw", "hr_place")}
SPECIAL["hr_cancel_plan"] = lambda world, owner: {"pk": owner.pk, "placement": world.plan(owner).pk}
SPECIAL |= {
    name: lambda world, owner: {"archive": world.archive(owner).pk}
    for name in ("archive", "archive_cancel", "archive_manifest")
}
SPECIAL["archive_part"] = lambda world, owner: {"archive": world.archive(owner).pk, "number": 1}
SPECIAL |= {
    name: lambda world, owner: {"export": world.export(owner).pk} for name in ("report_export", "report_export_discard")
}
SPECIAL["report_export_file"] = lambda world, owner: {"export": world.export(owner).pk, "word": "csv"}
# The same for an object that does not exist: the answer to a foreign one must equal this one's.
MISSING: dict[str, Any] = dict.fromkeys(
    ("archive", "certificate", "export", "proposal", "enrolment", "pk", "run", "unit", "role", "transfer", "placement"),
    NOBODYS,
) | {"code": "0" * 16}


@dataclass(frozen=True)
class Line:
    method: str
    name: str
    relation: str
    expected: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.name} {self.relation}"


def lines() -> list[Line]:
    found = []
    for text in TABLE.read_text().splitlines():
        cells = re.split(r"\s{2,}|(?<=^GET)\s+|(?<=^POST)\s+", text.strip())
        if cells[0] in {"GET", "POST"}:
            method, name, relation, *expected = cells
            found.append(Line(method, name, relation, dict(zip(READERS, expected, strict=True))))
    return found


LINES = lines()


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the site with its whole pattern."""
    for each in (resolver or get_resolver()).url_patterns:
        whole = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, whole)
        else:
            yield whole, each


def named() -> dict[str, URLPattern]:
    """The addresses that need a line of their own: all outside the CMS; a second spelling has no name."""
    return {
        each.name or each.callback.__name__: each
        for whole, each in patterns()
        if not whole.startswith("cms/") and (each.name or each.callback.__name__ != "by_code")
    }


def test_no_address_is_forgotten():
    written = {line.name for line in LINES} - {"cms/*"}
    assert written == set(named()), "matrix.txt and the addresses of the site differ"


@pytest.fixture(scope="module")
def lasting_world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with made_once(django_db_blocker, make_world) as world:
        yield world


@pytest.fixture
def world(lasting_world: World, db: None) -> World:
    return deepcopy(lasting_world)


@pytest.mark.parametrize("line", [line for line in LINES if line.name != "cms/*"], ids=str)
def test_the_matrix(world: World, line: Line):
    found = {reader: answer_of(world, line, reader) for reader in READERS}
    assert found == line.expected


def answer_of(world: World, line: Line, reader: str) -> str:
    """How this reader is answered; what the request changed is taken back."""
    person = world.readers.get(reader)
    owner = world.person("own" if line.relation == "-" else line.relation, person)
    kwargs = kwargs_of(world, line.name, owner)
    with transaction.atomic():
        response, body = ask(line, kwargs, world.client(reader))
        if response.status_code == 404 and line.relation not in {"-", "own"}:
            without = {key: MISSING.get(key, value) for key, value in kwargs.items()}
            missing, other = ask(line, without, world.client(reader))
            assert (missing.status_code, other) == (404, body), "a foreign object answers unlike a nonexistent one"
        transaction.set_rollback(True)
    return in_a_word(response)


def kwargs_of(world: World, name: str, owner: Person) -> dict[str, Any]:
    if name in SPECIAL:
        return SPECIAL[name](world, owner)
    pattern = named()[name].pattern
    wanted = list(getattr(pattern, "converters", {})) or list(pattern.regex.groupindex)
    return {key: FILLED[key](world, owner) for key in wanted}


def ask(line: Line, kwargs: dict[str, Any], client: Client) -> tuple[Any, str]:
    """The answer, and its text without what differs from one request to the next."""
    path = address(line.name, kwargs)
    response: Any = client.get(path) if line.method == "GET" else client.post(path)
    raw = b"".join(response.streaming_content) if response.streaming else response.content
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", raw.decode(errors="replace"))
    return response, text.replace(path, "")


def address(name: str, kwargs: dict[str, Any]) -> str:
    if name == "wagtail_serve":
        return "/tidak-ada/"
    if name == "wagtaildocs_serve":
        return f"/dokumen/{NOBODYS}/x.pdf"
    pattern_of = {
        "verify_code": "/api/v1/verifikasi/{code}",
        "verify_upload": "/api/v1/verifikasi/berkas",
        "openapi-json": "/api/v1/openapi.json",
        "api-root": "/api/v1/",
    }
    return pattern_of[name].format(**kwargs) if name in pattern_of else reverse(name, kwargs=kwargs)


def in_a_word(response: Any) -> str:
    code = response.status_code
    path = response.request["PATH_INFO"]
    assert code < 500 or path == "/readyz", f"{code} at {path}"  # a probe may say that no worker runs
    if code in {301, 302, 303, 307}:
        return "in" if re.match(r"/(masuk|cms/login)/", response.url) else "ok"
    return {403: "no", 404: "--", 405: "405"}.get(code, "ok")


def test_nothing_of_the_cms_opens_without_the_right(world: World):
    (line,) = [line for line in LINES if line.name == "cms/*"]
    open_to_all = {"cms/login/", "cms/logout/", "cms/jsi18n/", "cms/sprite/"}
    for whole, _pattern in patterns():
        if whole.startswith("cms/") and whole not in open_to_all and not whole.startswith("cms/password_reset"):
            path = "/" + fill(whole)
            for reader in READERS:
                answer = in_a_word(world.client(reader).get(path))
                assert (whole, reader, answer) == (whole, reader, line.expected[reader])


def fill(whole: str) -> str:
    """An address of the CMS with something in every gap."""
    whole = re.sub(r"<int:\w+>", "1", whole)
    whole = re.sub(r"<uuid:\w+>", str(uuid4()), whole)
    whole = re.sub(r"<(\w+:)?\w+>", "x", whole)
    whole = re.sub(r"\(\?P<\w+>[^)]*\)", "1", whole)
    whole = re.sub(r"\(\\?[^)]*\)", "1", whole)
    return re.sub(r"[\^$\\?]", "", whole)
