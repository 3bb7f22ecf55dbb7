"""The operator's list of certificates on their way, and retrying those that were set aside."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from academy.people.models import Role
from certificates import issuing
from certificates.models import Certificate
from tests.factories import AT, PersonFactory, make_completion, make_unit
from tests.people.test_operator_pages import signed_in

pytestmark = pytest.mark.django_db
QUEUE, RETRY = "/pengelola/sertifikat/", "/pengelola/sertifikat/ulangi/"


@pytest.fixture
def operator(client: Client) -> Client:
    signed_in(client, Role.Kind.OPERATOR, make_unit("Diskominfo"))
    return client


def page_of(client: Client, address: str = QUEUE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_nothing_owed_is_said(operator):
    page = page_of(operator)
    assert "Semua sertifikat sudah terbit." in page
    assert "0 kelulusan" not in page
    assert "0 baris" in page
    assert RETRY not in page


def test_it_shows_what_waits_and_what_was_set_aside_with_its_reason_and_no_name(operator):
    waiting, aside, published = (issuing.issue(make_completion(), at=AT) for _number in range(3))
    Certificate.objects.filter(pk=aside.pk).update(tries=issuing.MOST_TRIES, last_error="RenderError: tidak muat")
    issuing.publish_file(published, at=AT)
    make_completion()
    page = page_of(operator)
    assert f'class="whole">{waiting.number}' in page, "never broken into lines"
    assert "Tanggal sertifikat" in page
    assert "RenderError: tidak muat" in page
    assert published.number not in page
    assert "1 kelulusan belum mendapat nomor sertifikat" in page
    assert waiting.completion.person.name not in page
    only_aside = page_of(operator, f"{QUEUE}?keadaan=disisihkan")
    assert aside.number in only_aside
    assert waiting.number not in only_aside


def test_retrying_takes_up_what_was_set_aside_once(operator):
    aside = issuing.issue(make_completion(), at=AT)
    Certificate.objects.update(tries=issuing.MOST_TRIES, last_error="RenderError")
    assert "1 sertifikat sudah lima kali dicoba" in page_of(operator, RETRY)
    aside.refresh_from_db()
    assert aside.tries == issuing.MOST_TRIES, "asking changes nothing"
    told = [operator.post(RETRY, follow=True).content.decode() for _time in range(2)]
    assert "1 sertifikat akan dicoba lagi" in told[0]
    assert "0 sertifikat" not in told[1]
    assert operator.get(RETRY)["Location"] == QUEUE
    assert issuing.sweep(at=timezone.now(), limit=5).published == 1


def test_the_list_asks_as_much_for_many_as_for_few(operator):
    issuing.issue(make_completion(), at=AT)
    with_few = _queries(operator)
    for _number in range(12):
        issuing.issue(make_completion(PersonFactory()), at=AT)
    assert _queries(operator) == with_few


def _queries(client: Client) -> int:
    client.get(QUEUE)
    with CaptureQueriesContext(connection) as queries:
        client.get(QUEUE)
    return len(queries)
