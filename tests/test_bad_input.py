"""Promise P8: whatever is sent, the answer is never a 5xx and nothing changes; every address, read from the resolver."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from academy.people import units
from academy.people.models import AccessLog, Person
from academy.people.placements import place
from academy.people.transfers import release
from academy.reports.models import Reconciliation
from certificates.models import CertificateArchive
from courses.attempts import start_attempt
from courses.models import Enrolment
from tests.doors import Door, doors
from tests.end_to_end.visitor import Form, Page
from tests.factories import AT, AgencyFactory, PersonFactory, make_completion, make_edition, make_enrolment, make_hr
from tests.reports.exporting import make_ready

pytestmark = pytest.mark.django_db

ODD_VALUES: tuple[str | bytes, ...] = (
    "0",
    "-1",
    "99999999999999999999999999",
    "9223372036854775808",
    "1e309",
    "NaN",
    "²",
    "",
    " ",
    "..",
    "../../../etc/passwd",
    "a\x00b",
    b"\xed\xa0\x80",  # a lone surrogate, as bytes that are no UTF-8
    b"\xff\xfe",
    "\u202emoc.elgoog\u202c",
    "🦣" * 40,
    "' OR 1=1 --",
    "{{7*7}}{% load x %}",
    "<script>alert(1)</script>",
    "00000000-0000-0000-0000-000000000000",
    "0000-00-00",
    "9999-99-99",
    "x" * 10_000,
)
NASTIEST = ("", "-1", "9223372036854775808", "a\x00b", b"\xed\xa0\x80", "9999-99-99", "x" * 10_000)
# Open to everybody; what is not named here asks a signed-out reader to sign in.
PUBLIC = re.compile(
    r"^/($|masuk/|keluar/|akun/|bahasa/|katalog/|jalur/|pelatihan/|verifikasi/|V/|v/|status/|\.well-known/|media/|dokumen/|api/v1/|healthz$|readyz$|metrics$|_util/|static/)"
)
PRIVATE = ("/belajar/", "/sertifikat/", "/laporan/")


@dataclass
class World:
    people: dict[str, Person | None]
    samples: dict[str, Any]

    def client(self, name: str, **options: Any) -> Client:
        client = Client(raise_request_exception=False, **options)
        person = self.people[name]
        if person:
            client.force_login(person)
        return client


@pytest.fixture
def world() -> World:
    """A learner in the middle of a test, the officer of the learner's unit, and values that fit every parameter."""
    learner = PersonFactory()
    officer = make_hr(learner.unit)
    enrolment = make_enrolment(learner, edition=make_edition(lessons=1, sequential=False))
    completion = make_completion(PersonFactory(unit=learner.unit), edition=enrolment.edition)
    quiz = enrolment.edition.activities.get(kind="quiz")
    attempt = start_attempt(enrolment, quiz, at=AT, rng=random.Random(1))
    colleague = PersonFactory(unit=learner.unit)
    archive = CertificateArchive.objects.create(
        by=officer, at=AT, scope="", unit=learner.unit, year=2026, total=1, state="ready"
    )
    samples = {
        "archive": archive.pk,
        "export": make_ready(officer, content=b"NIP", at=timezone.now()).pk,
        "activity": quiz.activity,
        "certificate": 1,
        "code": "0123456789ABCDEF",
        "course_key": enrolment.run.course.key,
        "enrolment": enrolment.pk,
        "key": "abc-123",
        "language": "id",
        "number": attempt.number,
        "page_id": 1,
        "page_view_restriction_id": 1,
        "path": "nothing.png",
        "path_key": "abc-123",
        "placement": place(colleague, unit=learner.unit, from_on=date(2099, 1, 1), today=AT.date()).pk,
        "pk": completion.person.pk,
        "restriction_id": 1,
        "proposal": 1,
        "run": enrolment.run_id,
        "recount": Reconciliation.objects.create(asked_at=AT, finished_at=AT).pk,
        "role": officer.roles.get().pk,
        "transfer": release(colleague, to_agency=AgencyFactory(), by=officer, at=AT).pk,
        "uidb36": "1",
        "unit": units.ensure_unit(learner.unit, "Bidang Layanan").pk,
        "word": "csv",
        "year": 2026,
        "_0": "1",
        "_1": "nothing.pdf",
    }
    return World({"anonymous": None, "learner": learner, "officer": officer}, samples)


def every_door(world: World) -> list[Door]:
    found = doors()
    unknown = {each for door in found for each in door.parameters} - set(world.samples)
    assert not unknown, f"give the new parameters {unknown} a value that fits, in the fixture `world`"
    return found


def rows() -> dict[str, int]:
    """How many rows each of our tables holds. The log of who read what grows by reading."""
    rooms = {"people", "notifications", "pages", "courses", "certificates", "reports"}
    models = [model for model in apps.get_models() if model._meta.app_label in rooms and model is not AccessLog]
    return {model._meta.label: model._default_manager.count() for model in models}


def wrong_paths(world: World, door: Door) -> Iterator[str]:
    for parameter in door.parameters:
        for odd in ODD_VALUES:
            yield door.path(world.samples | {parameter: odd})


@pytest.mark.parametrize("who", ["anonymous", "learner", "officer"])
def test_odd_parameters_in_addresses_never_make_a_5xx(world: World, who: str):
    client = world.client(who)
    broken: dict[str, str] = {}
    for door in every_door(world):
        for method in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"):
            note(broken, ask(client, method, door.path(world.samples)), method, door.template)
        for path in wrong_paths(world, door):
            for method in ("GET", "POST"):
                note(broken, ask(client, method, path), method, path)
    assert broken == {}


def ask(client: Client, method: str, path: str, body: str = "") -> Any:
    """The answer, read to its end: a file is closed only then."""
    answer: Any = client.generic(method, path, body, content_type="application/x-www-form-urlencoded")
    if answer.streaming:
        list(answer.streaming_content)
    return answer


def note(broken: dict[str, str], answer: Any, *request: str) -> None:
    """Keep one request for every way to break."""
    is_probe = answer.status_code == 503 and "readyz" in request[1]  # no worker runs here, and it says so
    if answer.status_code >= 500 and not is_probe:
        error = answer.exc_info[1] if getattr(answer, "exc_info", None) else answer.content[:100]
        broken.setdefault(f"{answer.status_code} {error!r}"[:300], " ".join(request)[:300])


@pytest.mark.parametrize("who", ["anonymous", "learner", "officer"])
def test_odd_values_in_every_form_never_make_a_5xx(world: World, who: str):
    """Each form on each page that we can open, with odd values in each field and in all fields."""
    broken: dict[str, str] = {}
    for path, form in forms(world, who):
        for fields in odd_forms(form):
            client = world.client(who)  # a new one: the form may sign out
            address = form.action.split("#")[0] or path
            query = "&".join(f"{quote(name)}={quote(value)}" for name, value in fields)
            if form.method == "GET":
                answer = ask(client, "GET", f"{address.split('?')[0]}?{query}")
            else:
                answer = ask(client, "POST", address, query)
            note(broken, answer, form.method, address, query)
    assert broken == {}


def forms(world: World, who: str) -> list[tuple[str, Form]]:
    """Every different form (by address and fields) on the pages behind the doors and one step from them."""
    client = world.client(who)
    queue = [door.path(world.samples) for door in every_door(world)]
    found: dict[str, tuple[str, Form]] = {}
    seen: set[str] = set()
    while queue and len(seen) < 120:
        path = queue.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = ask(client, "GET", path)
        if answer.status_code != 200 or "text/html" not in answer.headers.get("Content-Type", ""):
            continue
        page = Page(answer.content.decode())
        queue += [link.url for link in page.links if link.url.startswith("/") and not link.url.startswith("/cms/")]
        for form in page.forms:
            address = re.sub(r"\d+", "N", (form.action or path).split("?")[0])
            found.setdefault(f"{form.method} {address} {sorted({each.name for each in form.fields})}", (path, form))
    assert any(form.method == "POST" for _path, form in found.values())
    return list(found.values())


def odd_forms(form: Form) -> Iterator[list[tuple[str, str | bytes]]]:
    """Nothing at all; each field with each of the nastiest values; then all fields odd, each differently."""
    names = list(dict.fromkeys(each.name for each in form.fields if each.name != "csrfmiddlewaretoken"))
    plain: list[tuple[str, str | bytes]] = [(name, value) for name, value in form.data() if name in names]
    yield []
    for odd in NASTIEST:
        for name in names:
            yield [(each, value) for each, value in plain if each != name] + [(name, odd)]
    for turn in range(len(ODD_VALUES)):
        odds = [ODD_VALUES[(turn + place) % len(ODD_VALUES)] for place in range(len(names))]
        yield [pair for pair in zip(names, odds, strict=True) for _twice in range(2)]


def test_every_door_refuses_to_write_without_the_csrf_token(world: World):
    before = rows()
    client = world.client("learner", enforce_csrf_checks=True)
    open_doors = []
    for door in every_door(world):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            status = client.generic(method, door.path(world.samples), HTTP_ORIGIN="https://evil.example").status_code
            # The first adds a slash, the second looks at a file for machines; neither writes anything.
            if status not in {403, 405} and door.name not in {"wagtail_serve", "verify_upload"}:
                open_doors.append((method, door.template, status))
    assert open_doors == []
    assert rows() == before


def test_reading_every_door_changes_nothing(world: World):
    before = rows()
    for who in world.people:
        client = world.client(who)
        for door in every_door(world):
            ask(client, "GET", door.path(world.samples))
    assert rows() == before


def test_signed_out_readers_of_private_addresses_are_led_to_the_sign_in_form(world: World):
    wrong = []
    for door in every_door(world):
        path = door.path(world.samples)
        if PUBLIC.match(path) or door.name == "wagtail_serve":
            continue
        answer = Client().get(path)
        to_form = answer.status_code in {302, 303, 307} and answer.headers["Location"].startswith("/masuk/")
        if not to_form and answer.status_code not in {404, 405}:
            wrong.append((answer.status_code, path))
    assert wrong == []


@pytest.mark.parametrize("path", PRIVATE)
def test_private_addresses_of_the_contract_lead_to_the_sign_in_form(world: World, path: str):
    answer = Client().get(path)
    assert answer.status_code in {302, 303, 307}
    assert answer.headers["Location"].startswith(f"/masuk/?{urlencode({'next': path}, safe='/')}")


def test_reading_a_door_that_only_takes_post_is_405(world: World):
    client = world.client("learner")
    posts = {form.action.split("?")[0] for _path, form in forms(world, "learner") if form.method == "POST"}
    answers = {path: client.get(path).status_code for path in posts if path.startswith(("/ikuti/", "/belajar/"))}
    assert answers
    assert {path: status for path, status in answers.items() if status not in {200, 302, 303, 405}} == {}
    assert 405 in answers.values()


def test_another_persons_enrolment_does_not_exist(world: World):
    """Every door with an enrolment, asked by somebody who is not in it, for reading and for writing."""
    stranger = world.client("officer")
    nobody = Enrolment.objects.order_by("-pk").first().pk + 1000  # type: ignore[union-attr]
    for door in every_door(world):
        if "enrolment" in door.parameters:
            for method in ("GET", "POST"):
                theirs = stranger.generic(method, door.path(world.samples))
                missing = stranger.generic(method, door.path(world.samples | {"enrolment": nobody}))
                assert (theirs.status_code, missing.status_code) in {(404, 404), (405, 405)}, door.template


def test_unknown_activity_of_the_own_enrolment_is_404(world: World):
    client = world.client("learner")
    for door in every_door(world):
        if "activity" in door.parameters:
            path = door.path(world.samples | {"activity": uuid.uuid4()})
            assert client.get(path).status_code in {404, 405}
            assert client.post(path).status_code in {404, 405}
