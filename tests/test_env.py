"""The environment: embedded by default, and a half-set production is refused by name."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ImproperlyConfigured

from academy import env

PRODUCTION = {
    "SITE_URL": "https://akademi.example.go.id",
    "SECRET_KEY": "x" * 50,
    "EMAIL_URL": "smtp://localhost:25",
    "DATABASE_URL": "postgresql:///academy",
}


@pytest.fixture
def read(monkeypatch, tmp_path):
    for name in ("SITE_URL", "SECRET_KEY", "DEBUG", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "ALLOWED_HOSTS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("EMAIL_URL", "STORAGE_URL", "PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def _read(**variables: str) -> env.Environment:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return env.read(tmp_path)

    return _read


def test_nothing_set_runs_embedded(read, tmp_path):
    environment = read()
    assert environment.database_url == f"sqlite:///{tmp_path}/data/academy.sqlite3"
    assert (environment.celery_broker_url, environment.site_url) == ("filesystem://localhost", "http://localhost:8000")
    assert not environment.is_production


def test_the_embedded_secret_is_made_once_and_readable_by_its_owner_only(read, tmp_path):
    first = read().secret_key
    assert read().secret_key == first
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_processes_that_start_at_once_share_one_whole_secret(tmp_path):
    """`make demo` starts migrate and collectstatic side by side: one of them once read the file before it was written."""
    together = threading.Barrier(8)

    def start(path):
        together.wait()
        return env._kept_secret(path)

    with ThreadPoolExecutor(8) as pool:
        for attempt in range(200):
            path = tmp_path / f"secret_{attempt}"
            assert len(set(pool.map(start, [path] * 8))) == 1
    assert len(list(tmp_path.glob("secret_*"))) == 200
    assert not list(tmp_path.glob(".*")), "a draft was left behind"


def test_a_damaged_secret_is_refused_by_its_path(read, tmp_path):
    read()
    (tmp_path / "data" / "secret_key").write_text("half")
    with pytest.raises(ImproperlyConfigured, match="secret_key is damaged"):
        read()


def test_a_whole_production_starts(read):
    environment = read(**PRODUCTION)
    assert environment.is_production
    assert environment.allowed_hosts == ["akademi.example.go.id"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("EMAIL_URL", ""),
        ("DEBUG", "true"),
        ("SITE_URL", "http://akademi.example.go.id"),
        ("SITE_URL", "https://akademi.example.go.id/lms"),
        ("SITE_URL", "akademi.example.go.id"),
        ("STORAGE_URL", "s3://bucket"),
        ("STORAGE_URL", "file:///srv/certificates"),
        ("STORAGE_URL", "s3://key:secret@host:99999/certificates"),
        ("STORAGE_URL", "s3://[host/certificates"),
        ("STORAGE_URL", "s3://host/certificates"),
        ("STORAGE_URL", "s3://key@host/certificates"),
        ("STORAGE_URL", "s3://:secret@host/certificates"),
        ("STORAGE_URL", "s3://key:secret@host"),
        ("STORAGE_URL", "s3://key:secret@host/certificates/deep"),
        ("STORAGE_URL", "s3://key:secret@host/certificates?tls=no"),
        ("STORAGE_URL", "s3://key:secret@host/certificates?prefix=../up"),
        ("STORAGE_URL", "s3://key:secret@host/certificates?acl=public"),
        ("STORAGE_URL", "s3://key:secret@host/certificates?tls=true&tls=false"),
        ("SIGNING_KEY", "/etc/key"),
        ("SIGNING_BACKEND", "none"),
        ("SIGNING_PKCS12", "/nowhere/key.p12"),
        ("SIGNING_PASSPHRASE", "without a file"),
    ],
)
def test_a_half_set_production_is_refused_by_name(read, name, value):
    with pytest.raises(ImproperlyConfigured, match=name) as refused:
        read(**(PRODUCTION | {name: value}))
    assert ":secret" not in str(refused.value)


def test_certificates_lie_below_the_data_unless_a_bucket_is_named(read):
    assert read().storage is None
    url = "s3://kunci:r%2Fhas%40ia@minio.example.go.id:9000/sertifikat?region=id-kpg&prefix=/akademi/2026/"
    storage = read(STORAGE_URL=url).storage
    assert storage == env.ObjectStorage(
        endpoint="https://minio.example.go.id:9000",
        bucket="sertifikat",
        prefix="akademi/2026/",
        region="id-kpg",
        access_key="kunci",
        secret_key="r/has@ia",
    )
    assert "has@ia" not in repr(storage)
    plain = read(STORAGE_URL="s3://kunci:rahasia@127.0.0.1:9000/sertifikat?tls=false").storage
    assert plain is not None
    assert (plain.endpoint, plain.prefix, plain.region) == ("http://127.0.0.1:9000", "", "us-east-1")


def test_the_broker_follows_redis_unless_set(read):
    assert read(REDIS_URL="redis://127.0.0.1:6379/0").celery_broker_url == "redis://127.0.0.1:6379/0"
    assert read(CELERY_BROKER_URL="amqp://127.0.0.1//").celery_broker_url == "amqp://127.0.0.1//"


@pytest.fixture
def sealing(tmp_path):
    """A whole set of variables for sealing by BSrE."""
    trust = tmp_path / "bsre.pem"
    trust.write_text("-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n")
    return {
        "SIGNING_BACKEND": "bsre-seal",
        "SIGNING_BSRE_URL": "https://esign.example.go.id/",
        "SIGNING_BSRE_USER": "akademi",
        "SIGNING_BSRE_PASSWORD": "kata-sandi-aplikasi",
        "SIGNING_BSRE_SUBSCRIBER": "BPSDMD-01",
        "SIGNING_BSRE_TOTP": "kode-aktivasi",
        "SIGNING_BSRE_TRUST": str(trust),
    }


def test_sealing_by_bsre_is_read_and_its_secrets_are_not_shown(read, sealing):
    found = read(**sealing)
    assert (found.signing.backend, found.signing.bsre.url) == ("bsre-seal", "https://esign.example.go.id")
    assert "kata-sandi-aplikasi" not in repr(found)
    assert "kode-aktivasi" not in repr(found)


@pytest.mark.parametrize(
    "name",
    [f"SIGNING_BSRE_{each}" for each in ("URL", "USER", "PASSWORD", "SUBSCRIBER", "TOTP", "TRUST")],
)
def test_half_set_sealing_is_refused_by_name(read, sealing, name):
    with pytest.raises(ImproperlyConfigured, match=name):
        read(**(sealing | {name: ""}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SIGNING_BSRE_URL", "http://esign.example.go.id"),
        ("SIGNING_BSRE_URL", "https://user:secret@esign.example.go.id"),
        ("SIGNING_BSRE_TRUST", "/nowhere.pem"),
        ("SIGNING_BSRE_TRUST", "/etc/hostname"),
        ("SIGNING_BSRE_CA", "/nowhere.pem"),
        ("SIGNING_TSA_URL", "https://tsa.example.go.id"),
        ("SIGNING_PKCS12", __file__),
    ],
)
def test_what_would_be_ignored_or_unsafe_is_refused_by_name(read, sealing, name, value):
    with pytest.raises(ImproperlyConfigured, match=name):
        read(**(sealing | {name: value}))


def test_the_roots_of_earlier_bsre_signatures_may_stay_and_nothing_else(read, sealing):
    local = {"SIGNING_BACKEND": "local", "SIGNING_BSRE_TRUST": sealing["SIGNING_BSRE_TRUST"]}
    assert read(**local).signing.bsre.trust
    with pytest.raises(ImproperlyConfigured, match="SIGNING_BSRE_USER"):
        read(**(local | {"SIGNING_BSRE_USER": "akademi"}))
    with pytest.raises(ImproperlyConfigured, match="SIGNING_BSRE_SUBSCRIBER"):
        read(**(sealing | {"SIGNING_BACKEND": "bsre-sign"}))


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "1.5", "3601", "²"])
def test_a_time_for_reports_that_is_none_is_refused(read, seconds):
    assert read().reports_seconds == 20
    with pytest.raises(ImproperlyConfigured, match="REPORTS_SECONDS"):
        read(REPORTS_SECONDS=seconds)
