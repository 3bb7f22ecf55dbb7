from __future__ import annotations

import pytest
from django.test import Client

from academy.api import verification
from certificates import codes, issuing
from certificates.models import Certificate
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
UNKNOWN = "ZZZZZZZZZZZZZZZZ"


@pytest.fixture
def certificate() -> Certificate:
    person = PersonFactory(name="Maria Bere", nip="199407122020122003")
    return issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)


def test_a_genuine_code_answers_with_every_printed_fact(certificate: Certificate, client: Client):
    answer = client.get(f"/api/v1/verifikasi/{codes.grouped(certificate.code).lower()}")
    body = answer.json()
    assert answer.status_code == 200
    assert list(body) == ["verdict", "checks", "certificate", "differences"]
    assert (body["verdict"], body["differences"]) == ("genuine", [])
    assert body["checks"] == {"registered": "yes", "not_revoked": "yes", "not_replaced": "yes", "file": "unknown"}
    expected = {
        "number": certificate.number,
        "code": certificate.code,
        "name": "Maria Bere, S.Kom.",
        "nip": "••••••••••••••2003",
        "unit": "Dinas Komunikasi dan Informatika",
        "agency": certificate.facts["agency"],
        "course": certificate.facts["course"],
        "edition": "1.0",
        "credit_hours": 3,
        "completed_on": "2026-11-24",
        "issued_on": "2026-11-24",
        "signatory": "Dr. Yosefina Contoh, M.Si.",
        "signatory_nip": "••••••••••••••2001",
        "score": "88",
        "revoked_on": None,
    }
    assert {name: body["certificate"][name] for name in expected} == expected
    assert body["certificate"]["modules"] == [
        {"title": "Modul pertama", "activities": 3, "minutes": 135, "credit_hours": "3"}
    ]
    assert set(certificate.facts) - {"site_url"} <= set(body["certificate"])
    assert "199407122020122003" not in answer.content.decode()
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")


@pytest.mark.parametrize("code", [UNKNOWN, "abc", "1" * 300])
def test_an_unknown_code_has_the_same_shape(code: str, client: Client):
    answer = client.get(f"/api/v1/verifikasi/{code}")
    body = answer.json()
    assert answer.status_code == 404
    assert list(body) == ["verdict", "checks", "certificate", "differences"]
    assert (body["verdict"], body["certificate"], body["differences"]) == ("unknown", None, [])
    assert body["checks"]["registered"] == "no"


def test_revoked_and_replaced_are_verdicts(certificate: Certificate, client: Client):
    Certificate.objects.update(revoked_at=AT, revocation_reason="terbit ganda")
    body = client.get(f"/api/v1/verifikasi/{certificate.code}").json()
    assert (body["verdict"], body["certificate"]["revoked_on"]) == ("revoked", "2026-11-24")
    Certificate.objects.update(revoked_at=None, superseded_at=AT)
    assert client.get(f"/api/v1/verifikasi/{certificate.code}").json()["verdict"] == "replaced"


def test_the_check_asks_few_questions(certificate: Certificate, client: Client, django_assert_max_num_queries):
    with django_assert_max_num_queries(3):
        client.get(f"/api/v1/verifikasi/{certificate.code}")


def test_errors_are_json_in_indonesian(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(verification, "PER_MINUTE", 1)
    client.get(f"/api/v1/verifikasi/{UNKNOWN}")
    refused = client.get(f"/api/v1/verifikasi/{UNKNOWN}")
    assert refused.status_code == 429
    assert refused.json() == {"message": "Terlalu banyak permintaan dari alamat ini. Tunggulah sebentar."}
    assert int(refused.headers["Retry-After"]) >= 1
    assert client.post(f"/api/v1/verifikasi/{UNKNOWN}").status_code == 405
