"""From completion to download with the files in a bucket, and with the bucket gone in the middle."""

from __future__ import annotations

import logging

import pytest
from django.test import Client

from certificates import issuing, store
from certificates.models import Certificate
from tests.certificates.storage import S3Server
from tests.factories import AT, PersonFactory, make_completion

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(s3_server: S3Server, settings) -> S3Server:
    settings.STORAGE = s3_server.storage()
    return s3_server


def test_a_certificate_is_issued_into_the_bucket_and_read_from_it(server, client: Client, settings):
    person = PersonFactory()
    certificate = issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)
    assert certificate.file is not None
    assert list(store.keys()) == [certificate.file.key]
    assert not settings.CERTIFICATES_ROOT.exists()
    client.force_login(person)
    answer = client.get(f"/sertifikat/{certificate.code}.pdf")
    assert answer.content == store.read_exactly(certificate.file.key, sha256=certificate.file.sha256)
    assert client.get(f"/V/{certificate.code}").status_code == 200


def test_while_the_bucket_is_away_certificates_stay_owed_and_no_try_counts(server):
    certificate = issuing.issue(make_completion(), at=AT)
    server.kill()
    swept = issuing.sweep(at=AT, limit=10)
    certificate.refresh_from_db()
    assert (swept.published, swept.failed, certificate.tries) == (0, 1, 0)
    assert certificate.last_error.startswith("StoreUnreachable")
    server.start()
    assert issuing.sweep(at=AT + issuing.PAUSES[0], limit=10).published == 1
    assert Certificate.objects.published().count() == 1


def test_a_download_while_the_bucket_is_away_says_so(server, client: Client, caplog: pytest.LogCaptureFixture):
    person = PersonFactory()
    certificate = issuing.publish_file(issuing.issue(make_completion(person), at=AT), at=AT)
    server.kill()
    client.force_login(person)
    with caplog.at_level(logging.CRITICAL):
        answer = client.get(f"/sertifikat/{certificate.code}.pdf")
    assert answer.status_code == 503
    assert certificate.number in answer.content.decode()
    assert "rahasia" not in caplog.text
