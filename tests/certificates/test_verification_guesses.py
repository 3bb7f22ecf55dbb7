"""Promise P7: what is printed on paper cannot be found by trying. Ten thousand guesses find nothing and are slowed down."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections import Counter

import pytest
from django.db import connection
from django.test import Client

from certificates import codes, issuing, verification
from certificates.models import Certificate
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db
GUESSES = 5_000  # on each database, others than on the other
FEWEST_BEFORE_429 = 100
ADDRESSES = 125


@pytest.fixture
def certificate() -> Certificate:
    person = PersonFactory(name="Maria Bere", nip="199407122020122003")
    return issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)


def guesses(certificate: Certificate, rng: random.Random) -> list[tuple[str, dict[str, str]]]:
    """Half of them codes, most near the real one; half numbers of this year, each with the digits of some NIP."""
    found: list[tuple[str, dict[str, str]]] = []
    for _turn in range(GUESSES // 2):
        code = list(certificate.code)
        for place in rng.sample(range(codes.LENGTH), rng.choice((1, 2, 16))):
            code[place] = rng.choice(codes.ALPHABET)
        guess = "".join(code)
        if guess != certificate.code:
            found.append((f"/api/v1/verifikasi/{guess}", {}))
        number = certificate.number.replace("0001", f"{rng.randrange(1, 60):04}")
        digits = rng.randrange(10_000)
        if digits != 2003:
            found.append(("/verifikasi/nomor/", {"nomor": number, "penguat": f"{digits:04}"}))
    return found


def test_ten_thousand_guesses_find_nothing(certificate: Certificate, client: Client):
    statuses: Counter[int] = Counter()
    answered: Counter[str] = Counter()
    for turn, (address, form) in enumerate(guesses(certificate, random.Random(connection.vendor))):
        asker = f"203.0.{turn % ADDRESSES}.7"
        answer = client.post(address, form, REMOTE_ADDR=asker) if form else client.get(address, REMOTE_ADDR=asker)
        statuses[answer.status_code] += 1
        if answer.status_code != 429:
            answered[asker] += 1
        assert b"Maria Bere" not in answer.content
    assert set(statuses) == {404, 429}
    assert sum(statuses.values()) > GUESSES * 0.99
    assert max(answered.values()) < FEWEST_BEFORE_429
    assert client.get(f"/V/{certificate.code}", REMOTE_ADDR="198.51.100.9").status_code == 200


def test_one_address_is_told_to_wait_before_a_hundred_guesses(client: Client):
    statuses = [client.get(f"/V/{number:016}", REMOTE_ADDR="203.0.113.9").status_code for number in range(100)]
    assert statuses[-1] == 429
    assert statuses.index(429) < FEWEST_BEFORE_429


def without_code(content: bytes) -> str:
    return re.sub(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}|[0-9A-Z]{16}|\d\d\.\d\d", "", content.decode())


def test_unknown_and_unpublished_codes_are_answered_alike(client: Client):
    unpublished = issuing.issue(make_completion(), at=AT)
    for address in ("/V/{}", "/api/v1/verifikasi/{}"):
        answers = [client.get(address.format(code)) for code in (unpublished.code, "0123456789ABCDEF")]
        assert {answer.status_code for answer in answers} == {404}
        assert len({without_code(answer.content) for answer in answers}) == 1


def test_unknown_and_unpublished_codes_take_the_same_time():
    unpublished = issuing.issue(make_completion(), at=AT)

    def seconds(code: str) -> float:
        began = time.perf_counter()
        assert verification.look_up(code).outcome == "unknown"
        return time.perf_counter() - began

    pairs = [(seconds(unpublished.code), seconds("0123456789ABCDEF")) for _turn in range(200)]
    owed, missing = (statistics.median(values) for values in zip(*pairs, strict=True))
    assert abs(owed - missing) < 0.005
