"""A signer that is away: the credit counts at once, the paper comes later, nothing is tried in vain or told too early."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from academy.notifications.models import Message
from certificates import issuing, key_register, signing
from certificates.models import Certificate, SigningKey
from certificates.signing import keys
from courses.models import Completion
from tests.factories import make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings, tmp_path: Path):
    settings.SIGNING = replace(settings.SIGNING, pkcs12=tmp_path / "own.p12")
    pair = keys.make_document_key(keys._load_or_make_authority(tmp_path), at=timezone.now())
    settings.SIGNING.pkcs12.write_bytes(keys._as_pkcs12(pair))
    signing.signer_named.cache_clear()
    yield tmp_path
    signing.signer_named.cache_clear()


def test_the_key_is_away_for_a_minute(folder, settings, client: Client):
    own = settings.SIGNING.pkcs12
    own.rename(folder / "away")
    completions = [make_completion() for _number in range(3)]
    now = timezone.now()
    for minute in range(2):
        swept = issuing.sweep(at=now + timedelta(minutes=minute), limit=10)
        assert (swept.published, swept.failed) == (0, 3)
    assert Completion.objects.filter(outcome="passed").count() == 3
    assert {(row.tries, row.published_at, row.lease_until) for row in Certificate.objects.all()} == {(0, None, None)}
    assert not Message.objects.exists()
    client.force_login(completions[0].person)
    assert "Sedang ditandatangani" in client.get("/sertifikat/").content.decode()
    (folder / "away").rename(own)
    assert issuing.sweep(at=now + timedelta(minutes=2), limit=10).published == 3
    told = Message.objects.values_list("person", flat=True)
    assert sorted(told) == sorted(completion.person_id for completion in completions), "one message each"
    assert "Sedang ditandatangani" not in client.get("/sertifikat/").content.decode()


def test_every_key_that_signed_is_published_with_its_state(folder, client: Client):
    now = timezone.now()
    issuing.publish_file(issuing.issue(make_completion(), at=now), at=now)
    key = SigningKey.objects.get(purpose="document")
    for state in (SigningKey.State.ACTIVE, SigningKey.State.RETIRED, SigningKey.State.COMPROMISED):
        key_register.mark(key, state, at=now)
        answer = client.get("/.well-known/signing-keys.json")
        assert answer["Access-Control-Allow-Origin"] == "*"
        told = {one["fingerprint"]: one for one in answer.json()["keys"]}
        assert {one["purpose"] for one in told.values()} == {"document", "credential"}
        assert told[key.fingerprint]["state"] == state
        assert told[key.fingerprint]["public"].startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in answer.content.decode()
