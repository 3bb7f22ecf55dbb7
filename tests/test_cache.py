"""Redis may be away: pages answer as always, from the database."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from academy import cache as forgiving
from academy import counting
from academy.pages.caching import content_changed, content_version
from academy.people.models import Organiser
from academy.people.seed import load_agencies
from certificates import issuing
from courses.outline import outline_of
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
PASSWORD = "perahu-lontar-hujan"
CLOSED = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def no_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets the outage of another."""
    monkeypatch.setattr(forgiving, "outage", forgiving.Outage())
    monkeypatch.setattr(counting, "outage", forgiving.outage)
    forgiving._outdated.clear()


def point_to(settings, url: str) -> None:
    settings.REDIS_URL = url
    settings.CACHES = {"default": {"BACKEND": "academy.cache.ForgivingRedisCache", "LOCATION": url}}
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"


@pytest.fixture
def closed(settings) -> None:
    point_to(settings, CLOSED)


@pytest.fixture
def deaf(settings) -> Iterator[None]:
    """Somebody who takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        point_to(settings, f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        yield


@pytest.fixture
def site() -> None:
    load_agencies()
    call_command("load_site", verbosity=0)


def test_public_pages_answer_and_show_every_change(closed: None, site: None):
    call_command("load_curriculum", verbosity=0)
    certificate = issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)
    for path in ("/", "/katalog/", "/verifikasi/", f"/V/{certificate.code}"):
        assert [Client().get(path).status_code for _ in range(2)] == [200, 200]
    Organiser.objects.update(short_name="Balai Diklat Contoh")
    assert b"Balai Diklat Contoh" in Client().get("/").content
    before = Client().get(f"/V/{certificate.code}").content
    certificate.revoked_at = AT
    certificate.save()
    assert b"verdict--ok" in before
    assert b"verdict--bad" in Client().get(f"/V/{certificate.code}").content


def test_signing_in_learning_and_signing_out_live_on_database_sessions(closed: None, site: None, client: Client):
    person = PersonFactory(name="Maria Bere", password=PASSWORD)
    client.get("/masuk/")
    assert client.post("/masuk/", {"login": person.email, "password": PASSWORD}).headers["Location"] == "/belajar/"
    assert b"Maria Bere" in client.get("/belajar/").content
    session = client.session
    before = session.session_key or ""
    session["pending"] = 1
    session.cycle_key()
    session.save()
    assert session.session_key != before
    assert not session.exists(before)
    client.cookies["sessionid"] = session.session_key or ""
    assert client.session["pending"] == 1
    client.post("/keluar/")
    client.cookies["sessionid"] = session.session_key or ""
    assert client.get("/belajar/").status_code == 302


def test_a_wrong_password_is_refused_without_waiting_for_the_lock_of_the_limit(closed: None, client: Client):
    person = PersonFactory(password=PASSWORD)
    began = time.monotonic()
    assert client.post("/masuk/", {"login": person.email, "password": "salah-semua"}).status_code == 200
    assert time.monotonic() - began < 1.5


def test_a_redis_that_never_answers_is_not_waited_for(deaf: None, site: None, client: Client):
    client.get("/verifikasi/")  # loads the templates, and meets the outage
    for path in ("/", "/V/ZZZZZZZZZZZZZZZZ"):
        forgiving.outage._until = 0.0
        began = time.monotonic()
        client.get(path)
        assert time.monotonic() - began < 15, "it waits for Redis: without a limit that never ends"


def test_a_version_that_cannot_be_read_is_never_the_same(closed: None):
    assert content_version() != content_version()


def test_every_method_answers_as_an_empty_cache(closed: None):
    cache.set("a", 1)
    cache.set_many({"a": 1})
    cache.delete_many(["a"])
    assert (cache.get("a"), cache.get("a", 2), cache.get_many(["a"])) == (None, 2, {})
    cache.clear()
    assert (cache.touch("a"), cache.delete("a"), cache.has_key("a")) == (False, False, False)
    assert cache.get_or_set("a", 3) == 3
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")


def test_counts_go_on_in_rows(closed: None):
    assert [counting.count("verify:x", seconds=60)[0] for _ in range(3)] == [1, 2, 3]
    assert counting.total("verify:x") == 3


@pytest.mark.skipif("TEST_REDIS_URL" not in os.environ, reason="needs a Redis: TEST_REDIS_URL")
def test_what_changed_during_an_outage_is_not_found_afterwards(settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(forgiving, "PAUSE_SECONDS", 0.2)
    point_to(settings, os.environ["TEST_REDIS_URL"])
    cache.set("session", "signed in", 60)
    version = content_version()
    forgiving.outage.begin(OSError())
    cache.delete("session")
    content_changed()
    time.sleep(0.3)
    assert cache.get("session") is None
    assert content_version() != version


def test_an_outline_is_read_from_the_database(closed: None):
    completion = make_completion()
    assert outline_of(completion.edition_id) == outline_of(completion.edition_id)
