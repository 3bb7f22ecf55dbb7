"""The credential before Digital Bazaar's libraries, which share no line with ours: valid, changed, revoked."""

from __future__ import annotations

import copy
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from certificates import credentials, issuing, key_register
from certificates.models import Certificate
from tests.factories import make_completion

VERIFIER = Path(__file__).resolve().parent / "verifier"
AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)


@pytest.fixture
def certificate(db):
    return issuing.publish_file(issuing.issue(make_completion(), at=AT), at=AT)


def verdict_of(credential: dict[str, Any], *, status_list: dict[str, Any] | None = None) -> dict[str, Any]:
    entry = credential["credentialStatus"]
    number = int(entry["statusListCredential"].rsplit("/", 1)[1])
    documents = {
        key_register.did(): key_register.did_document(),
        credentials.list_url(number): status_list or credentials.status_list(number, at=datetime.now(tz=UTC)),
    }
    told = subprocess.run(
        ["node", "verify.js"],
        cwd=VERIFIER,
        input=json.dumps({"credential": credential, "documents": documents}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    verdict: dict[str, Any] = json.loads(told.stdout)
    return verdict


def test_a_genuine_credential_is_accepted_and_not_revoked(certificate):
    assert verdict_of(certificate.file.credential) == {"verified": True, "revoked": [False], "errors": []}


@pytest.mark.parametrize(
    "way",
    [
        ("credentialSubject", "identifier", 0, "identityHash"),
        ("credentialSubject", "achievement", "name"),
        ("credentialSubject", "licenseNumber"),
        ("issuer", "name"),
        ("credentialStatus", "statusListIndex"),
        ("validFrom",),
    ],
    ids=lambda way: str(way[-1]),
)
def test_a_changed_one_is_refused(certificate, way):
    changed = copy.deepcopy(certificate.file.credential)
    part = changed
    for step in way[:-1]:
        part = part[step]
    part[way[-1]] = {"statusListIndex": "1", "validFrom": "2020-01-01T00:00:00Z"}.get(way[-1], "Palsu")
    verdict = verdict_of(changed)
    assert not verdict["verified"]
    assert verdict["errors"]


@pytest.mark.parametrize("moment", ["revoked_at", "superseded_at"])
def test_a_withdrawn_one_is_verified_and_its_status_says_so(certificate, moment):
    """The library answers "verified" for a revoked credential: only the status tells."""
    Certificate.objects.update(**{moment: AT})
    assert verdict_of(certificate.file.credential)["revoked"] == [True]


def test_a_forged_status_list_is_refused(certificate):
    Certificate.objects.update(revoked_at=AT)
    number = certificate.status_index // credentials.PLACES
    withdrawn = credentials.status_list(number, at=datetime.now(tz=UTC))
    Certificate.objects.update(revoked_at=None)
    clean = credentials.status_list(number, at=datetime.now(tz=UTC))
    forged = withdrawn | {"credentialSubject": clean["credentialSubject"]}
    assert not verdict_of(certificate.file.credential, status_list=forged)["verified"]
