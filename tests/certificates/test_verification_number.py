"""Checking by number and a second fact: found only together, and no answer tells which of the two was wrong."""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import pytest
from django.test import Client

from certificates import issuing, number_check
from certificates.models import Certificate
from certificates.views import verify
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
PAGE = "/verifikasi/nomor/"


@pytest.fixture
def certificate() -> Certificate:
    person = PersonFactory(name="Maria Bere", title_before="Dr.", title_after="S.Kom., M.T.", nip="199407122020122003")
    return issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)


def ask(client: Client, number: str, second: str, **headers: Any):
    return client.post(PAGE, {"nomor": number, "penguat": second}, **headers)


@pytest.mark.parametrize(
    "second",
    [
        "2003", "199407122020122003", "19940712 202012 2 003", "12-7-1994", "12/07/1994", "1994-07-12", "12 Juli 1994",
        "maria bere", "Maria  Bere", "Dr. Maria Bere, S.Kom., M.T.",
    ],
)  # fmt: skip
def test_a_number_and_something_the_owner_knows_show_the_certificate(certificate, second, client):
    answer = ask(client, f" {certificate.number.lower()} ", second)
    assert answer.status_code == 200
    assert "Sertifikat ini asli dan berlaku" in answer.content.decode()
    assert "Maria Bere" in answer.content.decode()
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize(
    "second",
    ["2004", "003", "02003", "20122003", "19940712", "13-7-1994", "31-2-1994", "12 Jul 1994", "Maria", "Bere Maria", "S.Kom.",
     "%", "_" * 10, "•", "\x00", "²003", "x" * 10_000],
)  # fmt: skip
def test_a_wrong_second_fact_shows_nothing(certificate, second, client):
    answer = ask(client, certificate.number, second)
    assert answer.status_code in {404, 422}
    assert "Maria Bere" not in answer.content.decode()
    assert certificate.code not in answer.content.decode()


def without_what_was_typed(answer) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
    return re.sub(r'(name="(nomor|penguat)"[^>]* value=")[^"]*"', r"\1", text)


def test_unknown_wrong_and_unpublished_are_answered_alike(certificate, client):
    unpublished = issuing.issue(make_completion(PersonFactory(nip="199407122020122004")), at=AT)
    answers = [
        ask(client, certificate.number, "2004"),
        ask(client, "9999/BPSDMD/XI/2026", "2003"),
        ask(client, unpublished.number, "2004"),
        ask(client, "bukan nomor", "2003"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({without_what_was_typed(answer) for answer in answers}) == 1
    assert "Tidak ada sertifikat yang cocok" in answers[0].content.decode()
    assert 'value="2004"' in answers[0].content.decode(), "what was typed stays"


def test_unknown_and_wrong_take_the_same_time(certificate):
    def seconds(number: str) -> float:
        began = time.perf_counter()
        assert number_check.look_up(number, "2004") is None
        return time.perf_counter() - began

    unknown = certificate.number.replace("0001", "0002")
    pairs = [(seconds(certificate.number), seconds(unknown)) for _turn in range(200)]
    wrong, missing = (statistics.median(values) for values in zip(*pairs, strict=True))
    assert abs(wrong - missing) < 0.005


@pytest.mark.parametrize(
    "number", ["0001/\x00/2026", "0001/%/2026", "99999999999/2026", "2026/²/1", "/" * 10_000, "\ud800/1/2026"]
)
def test_odd_numbers_are_answered_like_unknown_ones(number, client):
    assert ask(client, number.encode("utf-8", "replace").decode(), "2003").status_code == 404


def test_both_have_to_be_typed(client: Client):
    for number, second in (("", ""), ("0001/X/2026", " "), ("", "2003")):
        answer = ask(client, number, second)
        assert answer.status_code == 422
        assert "Isi keduanya" in answer.content.decode()
    assert client.post(PAGE).status_code == 422


def test_the_question_is_answered_by_an_index(certificate, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        assert number_check.look_up(certificate.number, "2004") is None
    plan = number_check._candidates(certificate.number).explain()
    assert "SCAN certificates_certificate" not in plan


def test_revoked_ones_say_so(certificate, client):
    Certificate.objects.update(revoked_at=AT, revocation_reason="terbit ganda")
    assert "telah dicabut" in ask(client, certificate.number, "2003").content.decode()


def test_few_tries_for_an_address_and_for_a_number(certificate, client, monkeypatch):
    assert verify.NUMBERS_PER_MINUTE <= 30
    statuses = [ask(client, certificate.number, "9999", REMOTE_ADDR="203.0.113.7").status_code for _turn in range(11)]
    assert statuses == [404] * verify.NUMBERS_PER_MINUTE + [429]
    from_elsewhere = ask(client, certificate.number.lower(), "2003", REMOTE_ADDR="198.51.100.1")
    assert from_elsewhere.status_code == 429, "the number has been tried often enough, whoever asks"
    assert 60 < int(from_elsewhere.headers["Retry-After"]) <= 3600
    assert client.get(f"/V/{certificate.code}").status_code == 200, "by code it can still be checked"


def test_a_number_that_does_not_exist_is_limited_in_the_same_way(client):
    for turn in range(verify.TRIES_PER_NUMBER):
        ask(client, "0009/X/2026", "2003", REMOTE_ADDR=f"203.0.113.{turn}")
    assert ask(client, "0009/X/2026", "2003", REMOTE_ADDR="198.51.100.1").status_code == 429
