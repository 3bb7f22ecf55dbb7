"""Pages kept for signed-out readers (budget page.cached): no query on a hit, and the same answer as the first time."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.test import Client

from academy.pages.caching import content_changed
from academy.people.models import Organiser
from academy.people.seed import load_agencies
from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> None:
    """Without courses: loading the curriculum takes long."""
    load_agencies()
    call_command("load_site", verbosity=0)


def test_a_second_reading_asks_the_database_nothing_and_answers_the_same(site, django_assert_num_queries):
    call_command("load_curriculum", verbosity=0)
    for path in ("/", "/katalog/", "/katalog/dasar-spbe/"):
        first = Client().get(path)
        with django_assert_num_queries(0):
            second = Client().get(path)
        assert second.content == first.content
        assert dict(second.headers) == dict(first.headers)


def test_who_is_signed_in_gets_no_kept_page(site):
    Client().get("/")
    client = Client()
    client.force_login(PersonFactory(name="Theresia Contoh"))
    assert b"Theresia Contoh" in client.get("/").content


def test_a_kept_page_ends_when_content_changes(site):
    before = Client().get("/").content
    Organiser.objects.update(short_name="Balai Diklat Contoh")
    assert Client().get("/").content == before
    content_changed()
    assert b"Balai Diklat Contoh" in Client().get("/").content


def test_a_made_up_query_keeps_nothing(site, settings):
    Client().get("/")
    kept = len(list(settings.CACHES["default"]["LOCATION"].glob("*")))
    for number in range(3):
        Client().get("/", {"a": number})
    assert len(list(settings.CACHES["default"]["LOCATION"].glob("*"))) == kept
