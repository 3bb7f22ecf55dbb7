"""The credential: what it says, that a change breaks it, and what machines are told of keys and standing."""

from __future__ import annotations

import base64
import copy
import gzip
import io
import json
from datetime import UTC, datetime, timedelta

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.cache import cache

from certificates import credential, credentials, issuing, key_register, rendering, store
from certificates.models import Certificate, SigningKey
from certificates.signing import SignerUnavailable, keys
from tests.certificates.test_rendering import FACTS
from tests.factories import make_completion, make_edition

AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ISSUANCE = credential.Issuance(
    issued_at="2026-09-10T03:30:00Z", ends_at="", did="did:web:akademi.contoh.go.id",
    list_url="https://akademi.contoh.go.id/status/0", index=94567,
)  # fmt: skip
METHOD = "did:web:akademi.contoh.go.id#kunci"


@pytest.fixture
def signed():
    return credential.sign(credential.build(FACTS, ISSUANCE), KEY, method=METHOD, created=ISSUANCE.issued_at)


@pytest.fixture
def certificate(db):
    cache.clear()
    return issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)


def test_it_says_what_the_paper_says_and_holds_no_nip(signed):
    text = credential.as_bytes(signed).decode()
    subject = signed["credentialSubject"]
    assert subject["identifier"][0]["identityHash"] == FACTS.name
    assert (subject["creditsEarned"], subject["licenseNumber"]) == (4, FACTS.number)
    assert subject["achievement"]["name"] == FACTS.course
    assert FACTS.nip not in text
    assert FACTS.signatory_nip not in text
    assert FACTS.sha256() not in text, "it covers the NIP"


@pytest.mark.django_db
def test_it_ends_with_the_last_day_of_the_paper_where_the_organiser_is(signed):
    assert "validUntil" not in signed
    completion = make_completion(edition=make_edition(validity_months=24))
    certificate = issuing.publish_file(issuing.issue(completion, at=AT), at=AT)
    assert certificate.facts["valid_until"] == "2028-11-24"
    assert certificate.file is not None
    stored = certificate.file.credential
    assert stored is not None
    assert stored["validUntil"] == "2028-11-24T15:59:59Z"
    key = keys.load_or_make_credential_key(keys_dir()).public_key()
    assert credential.is_signed_by(stored, key)
    assert not credential.is_signed_by(stored | {"validUntil": "2038-11-24T15:59:59Z"}, key)


def test_the_same_facts_give_the_same_proof(signed):
    again = credential.sign(credential.build(FACTS, ISSUANCE), KEY, method=METHOD, created=ISSUANCE.issued_at)
    assert again == signed
    assert credential.is_signed_by(json.loads(credential.as_bytes(signed)), KEY.public_key())


def _places(value, path=()):
    """Every leaf of the document, as the way that leads to it."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _places(part, (*path, name))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _places(part, (*path, number))
    else:
        yield path


def test_a_change_of_any_value_breaks_the_proof(signed):
    """Also where PyLD would drop what a context does not define: nothing in it goes unsigned."""
    places = list(_places(signed))
    assert len(places) > 25
    for *way, last in places:
        changed = copy.deepcopy(signed)
        part = changed
        for step in way:
            part = part[step]
        part[last] = (not part[last]) if isinstance(part[last], bool) else f"{part[last]}1"
        assert not credential.is_signed_by(changed, KEY.public_key()), (*way, last)


def test_an_unknown_context_is_refused_and_fetches_nothing(signed):
    changed = signed | {"@context": [*signed["@context"], "https://example.com/context.json"]}
    assert not credential.is_signed_by(changed, KEY.public_key())
    with pytest.raises(credential.UnknownContext):
        credential._bundled("https://example.com/context.json", {})


def test_it_is_an_associated_file_of_the_pdf_and_kept_beside_it(certificate):
    with pikepdf.open(io.BytesIO(store.read(certificate.file.key))) as pdf:
        attached = pdf.attachments[rendering.CREDENTIAL_NAME]
        assert attached.obj.AFRelationship == "/Data"
        assert len(pdf.Root.AF) == 1
        content = attached.get_file().read_bytes()
    assert json.loads(content) == certificate.file.credential
    key = keys.load_or_make_credential_key(keys_dir())
    assert credential.is_signed_by(certificate.file.credential, key.public_key())


def keys_dir():
    from django.conf import settings

    return settings.SIGNING.keys_dir


def test_the_holder_downloads_it_and_nobody_else(certificate, client):
    address = f"/sertifikat/{certificate.code}.json"
    assert client.get(address).status_code == 302
    client.force_login(certificate.completion.person)
    answer = client.get(address)
    assert json.loads(answer.content) == certificate.file.credential
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert address in client.get("/sertifikat/").content.decode()
    client.force_login(make_completion().person)
    assert client.get(address).status_code == 404


def test_its_key_stands_in_the_did_document_also_when_retired_and_not_when_compromised(certificate, client):
    method = certificate.file.credential["proof"]["verificationMethod"]
    answer = client.get("/.well-known/did.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    document = answer.json()
    assert certificate.file.credential["issuer"]["id"] == document["id"] == key_register.did()
    assert [one["id"] for one in document["verificationMethod"]] == document["assertionMethod"] == [method]
    key = SigningKey.objects.get(purpose="credential")
    key_register.mark(key, SigningKey.State.RETIRED, at=AT)
    assert client.get("/.well-known/did.json").json() == document
    key_register.mark(key, SigningKey.State.COMPROMISED, at=AT)
    assert client.get("/.well-known/did.json").json()["verificationMethod"] == []


def bit_of(client, certificate: Certificate) -> int:
    assert certificate.file
    assert certificate.file.credential
    entry = certificate.file.credential["credentialStatus"]
    address = entry["statusListCredential"].split("/", 3)[3]
    answer = client.get(f"/{address}")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    listed = answer.json()
    key = keys.load_or_make_credential_key(keys_dir())
    assert credential.is_signed_by(listed, key.public_key())
    encoded = listed["credentialSubject"]["encodedList"].removeprefix("u")
    bits = gzip.decompress(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    assert len(bits) * 8 == credentials.PLACES
    place = int(entry["statusListIndex"])
    return bits[place // 8] >> (7 - place % 8) & 1


@pytest.mark.parametrize("moment", ["revoked_at", "superseded_at"])
def test_the_status_list_tells_of_revoked_and_replaced_ones_only(certificate, client, moment):
    other = issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)
    assert (bit_of(client, certificate), bit_of(client, other)) == (0, 0)
    Certificate.objects.filter(pk=certificate.pk).update(**{moment: AT})
    cache.clear()  # a list is kept for five minutes
    assert (bit_of(client, certificate), bit_of(client, other)) == (1, 0)


def test_a_list_without_certificates_does_not_exist(certificate, client):
    assert client.get("/status/7").status_code == 404


def test_a_list_that_cannot_be_signed_says_so_and_shows_nothing_old(certificate, client):
    SigningKey.objects.filter(purpose="credential").update(state=SigningKey.State.COMPROMISED)
    number = certificate.status_index // credentials.PLACES
    assert client.get(f"/status/{number}").status_code == 503
    with pytest.raises(SignerUnavailable, match="compromised"):
        credentials.of(certificate, FACTS)


def test_a_list_holds_for_a_day_from_its_signing(certificate):
    listed = credentials.status_list(certificate.status_index // credentials.PLACES, at=AT)
    assert (listed["validFrom"], listed["validUntil"]) == ("2026-11-24T04:00:00Z", "2026-11-25T04:00:00Z")
    assert timedelta(hours=24) == credentials.LIST_HOLDS


def test_a_signer_without_key_delays_the_paper_and_counts_no_try(db):
    certificate = issuing.issue(make_completion(), at=AT)
    key = keys.load_or_make_credential_key(keys_dir()).public_key()
    key_register.register_credential_key(key, at=AT)
    SigningKey.objects.update(state=SigningKey.State.COMPROMISED)
    at = AT
    for _attempt in range(issuing.MOST_TRIES + 1):
        with pytest.raises(SignerUnavailable):
            issuing.publish_file(certificate, at=at)
        at += issuing.OUTAGE
    certificate.refresh_from_db()
    assert (certificate.tries, certificate.published_at) == (0, None)
    assert "compromised" in certificate.last_error
    SigningKey.objects.update(state=SigningKey.State.ACTIVE)
    assert issuing.sweep(at=at, limit=5).published == 1
