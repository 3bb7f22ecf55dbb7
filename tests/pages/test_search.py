"""The search of the CMS takes whatever is typed, on both databases."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import PersonFactory

pytestmark = pytest.mark.django_db
TYPED = [
    '"',
    '""',
    'a"b',
    '"a" OR "b',
    "'",
    "''",
    "\\",
    "*",
    "a*",
    "a AND",
    "NEAR(",
    "^a",
    "a:b",
    "(",
    "-",
    "=",
    "%",
    'x"=1',
    "😀",
]


@pytest.fixture
def author(client: Client) -> Client:
    client.force_login(PersonFactory(is_superuser=True))
    return client


@pytest.mark.parametrize("place", ["images/", "documents/", "pages/search/", "images/chooser/results/"])
def test_odd_words_are_searched_for_like_others(author: Client, place: str):
    for typed in TYPED:
        assert author.get(f"/cms/{place}", {"q": typed}).status_code == 200, typed


def test_a_word_between_quotation_marks_is_found(author: Client):
    from wagtail.documents.models import Document

    Document.objects.create(title="Pedoman keamanan informasi", file="x.pdf")
    page = author.get("/cms/documents/", {"q": '"keamanan"'}).content.decode()
    assert "Pedoman keamanan informasi" in page
