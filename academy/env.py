"""The environment, read once and typed; a half-set production is refused at start with the variable's name.

Every variable has a default that runs embedded: SQLite, a file broker, local files, mail to the console.
`docs/operations.md` lists them all.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from academy import whole_files

LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "[::1]", "::1"}
SHORTEST_SECRET_KEY = 50
# Not verified in the text of the regulation, and another one from the cycle of 2026 on: docs/rules.md.
EVIDENCE_INDICATOR = "Indikator 25 SPBE: kompetensi sumber daya manusia"
EVIDENCE_REFERENCE = "permenpanrb-59-2020"


@dataclass(frozen=True)
class Bsre:
    """The gateway (esign client service) of the national certification authority, inside the government's network.

    `subscriber` and `totp`, the code that the activation of the seal was mailed with, are for sealing only. `trust`
    holds the roots that its signatures must end at, `ca` those of the gateway's own TLS, None for the usual ones.
    """

    url: str
    user: str
    password: str = field(repr=False)
    subscriber: str
    totp: str = field(repr=False)
    trust: Path | None
    ca: Path | None


@dataclass(frozen=True)
class Signing:
    """How certificates are signed. `pkcs12` None means a key that the installation makes for itself in `keys_dir`."""

    backend: str
    keys_dir: Path
    pkcs12: Path | None
    passphrase: str = field(repr=False)
    tsa_url: str
    bsre: Bsre


@dataclass(frozen=True)
class ObjectStorage:
    """A bucket of an S3-compatible storage. `prefix` is empty or ends in a slash."""

    endpoint: str
    bucket: str
    prefix: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class Environment:
    """What this process was told about its surroundings."""

    secret_key: str
    debug: bool
    site_url: str
    allowed_hosts: list[str]
    data_dir: Path
    database_url: str
    reports_database_url: str  # empty: reports are read where everything is
    reports_seconds: int
    evidence_indicator: str
    evidence_reference: str
    redis_url: str
    celery_broker_url: str
    email: dict[str, Any]
    signing: Signing
    storage: ObjectStorage | None  # where published certificates lie; None: below data_dir
    is_production: bool

    @property
    def site_host(self) -> str:
        return urlsplit(self.site_url).netloc

    @property
    def is_https(self) -> bool:
        return self.site_url.startswith("https://")


def read(base_dir: Path) -> Environment:
    """Read and check the environment. ImproperlyConfigured names the variable that is missing or wrong.

    `base_dir` holds the project; a relative DATA_DIR counts from there. An installation whose SITE_URL is not a
    loopback address is a production: there nothing that protects people may be left to a default.
    """
    env = environ.Env()
    data_dir = base_dir / Path(env.str("DATA_DIR", default="") or "var")
    data_dir.mkdir(parents=True, exist_ok=True)
    site_url = _site_url(env.str("SITE_URL", default="") or f"http://localhost:{env.str('PORT', default='8000')}")
    is_production = urlsplit(site_url).hostname not in LOOPBACK_HOSTS
    debug = env.bool("DEBUG", default=False)
    secret_key = env.str("SECRET_KEY", default="")
    database_url = env.str("DATABASE_URL", default="")
    email_url = env.str("EMAIL_URL", default="")
    if is_production:
        _refuse_half_production(site_url=site_url, debug=debug, secret_key=secret_key, email_url=email_url)
    allowed_hosts = env.list("ALLOWED_HOSTS", default=[]) or [urlsplit(site_url).hostname or "localhost"]
    if not is_production:
        allowed_hosts = sorted({*allowed_hosts, *LOOPBACK_HOSTS})
    redis_url = env.str("REDIS_URL", default="")
    return Environment(
        secret_key=secret_key or _kept_secret(data_dir / "secret_key"),
        debug=debug,
        site_url=site_url,
        allowed_hosts=allowed_hosts,
        data_dir=data_dir,
        database_url=database_url or f"sqlite:///{data_dir / 'academy.sqlite3'}",
        reports_database_url=env.str("REPORTS_DATABASE_URL", default=""),
        reports_seconds=_seconds(env, "REPORTS_SECONDS", default=20),
        evidence_indicator=env.str("EVIDENCE_INDICATOR", default="") or EVIDENCE_INDICATOR,
        evidence_reference=env.str("EVIDENCE_REFERENCE", default="") or EVIDENCE_REFERENCE,
        redis_url=redis_url,
        celery_broker_url=env.str("CELERY_BROKER_URL", default="") or redis_url or "filesystem://localhost",
        email=env.email_url_config(email_url or "consolemail://"),
        signing=_signing(env, data_dir),
        storage=_storage(env.str("STORAGE_URL", default="")),
        is_production=is_production,
    )


def _seconds(env: environ.Env, name: str, *, default: int) -> int:
    given = env.str(name, default="") or str(default)
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= 3600):
        message = f"{name} must be a whole number of seconds from 1 to 3600, not {given!r}"
        raise ImproperlyConfigured(message)
    return int(given)


def _site_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        message = "SITE_URL must be a whole address such as https://akademi.example.go.id"
        raise ImproperlyConfigured(message)
    if parts.path.strip("/") or parts.query or parts.fragment:
        message = "SITE_URL must have no path: the QR code on a certificate holds it in upper case"
        raise ImproperlyConfigured(message)
    return f"{parts.scheme}://{parts.netloc}"


def _refuse_half_production(*, site_url: str, debug: bool, secret_key: str, email_url: str) -> None:
    if debug:
        raise ImproperlyConfigured("DEBUG must be off when SITE_URL is a public address")
    if not site_url.startswith("https://"):
        raise ImproperlyConfigured("SITE_URL must begin with https:// when it is a public address")
    if len(secret_key) < SHORTEST_SECRET_KEY:
        message = f"SECRET_KEY must be set, {SHORTEST_SECRET_KEY} characters or more, when SITE_URL is a public address"
        raise ImproperlyConfigured(message)
    if not email_url:
        raise ImproperlyConfigured("EMAIL_URL must be set when SITE_URL is a public address")


# What each backend needs, and what it uses if it is there. The roots of BSrE also judge what it signed in the past.
SIGNING_NEEDS = {
    "local": (),
    "bsre-seal": ("URL", "USER", "PASSWORD", "TRUST", "SUBSCRIBER", "TOTP"),
    "bsre-sign": ("URL", "USER", "PASSWORD", "TRUST"),
}
SIGNING_MAY_USE = {
    "local": ("SIGNING_PKCS12", "SIGNING_PASSPHRASE", "SIGNING_TSA_URL", "SIGNING_BSRE_TRUST"),
    "bsre-seal": ("SIGNING_BSRE_CA",),
    "bsre-sign": ("SIGNING_BSRE_CA",),
}
SIGNING_BACKENDS = tuple(SIGNING_NEEDS)
SIGNING_VARIABLES = {"SIGNING_BACKEND"} | {
    name
    for backend in SIGNING_BACKENDS
    for name in (*(f"SIGNING_BSRE_{each}" for each in SIGNING_NEEDS[backend]), *SIGNING_MAY_USE[backend])
}


def _signing(env: environ.Env, data_dir: Path) -> Signing:
    """A misspelt variable is refused: nobody should believe that certificates are signed in a way they are not."""
    unknown = sorted(name for name in env.ENVIRON if name.startswith("SIGNING_") and name not in SIGNING_VARIABLES)
    if unknown:
        message = f"{unknown[0]} is not known; there are {', '.join(sorted(SIGNING_VARIABLES))}"
        raise ImproperlyConfigured(message)
    backend = env.str("SIGNING_BACKEND", default="") or "local"
    if backend not in SIGNING_BACKENDS:
        message = f"SIGNING_BACKEND must be one of {', '.join(SIGNING_BACKENDS)}, not {backend!r}"
        raise ImproperlyConfigured(message)
    _refuse_half_signing(env, backend)
    pkcs12 = _file(env, "SIGNING_PKCS12")
    passphrase = env.str("SIGNING_PASSPHRASE", default="")
    if passphrase and not pkcs12:
        raise ImproperlyConfigured("SIGNING_PASSPHRASE is set without SIGNING_PKCS12, the file it opens")
    return Signing(
        backend=backend,
        keys_dir=data_dir / "keys",
        pkcs12=pkcs12,
        passphrase=passphrase,
        tsa_url=env.str("SIGNING_TSA_URL", default=""),
        bsre=_bsre(env),
    )


STORAGE_FORM = "s3://KEY:SECRET@host:port/bucket?region=…&tls=…&prefix=…"
STORAGE_OPTIONS = ("region", "tls", "prefix")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
PREFIX = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")


def _storage(value: str) -> ObjectStorage | None:
    """The bucket that STORAGE_URL names; whatever is wrong is said without repeating the value, which holds a secret."""
    if not value:
        return None
    try:
        parts = urlsplit(value)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad_storage(f"it must have the form {STORAGE_FORM}") from None
    if parts.scheme != "s3" or not host or parts.fragment:
        raise _bad_storage(f"it must have the form {STORAGE_FORM}")
    if not parts.username or not parts.password:
        raise _bad_storage("key and secret are missing; a / or @ in them is written %2F or %40")
    bucket = parts.path.strip("/")
    if not BUCKET_NAME.fullmatch(bucket):
        raise _bad_storage("the path must be the name of one bucket")
    options = _storage_options(parts.query)
    prefix = options.get("prefix", "").strip("/")
    if prefix and not PREFIX.fullmatch(prefix):
        raise _bad_storage("prefix may hold letters, digits, dashes, underscores and slashes")
    tls = options.get("tls", "true")
    if tls not in {"true", "false"}:
        raise _bad_storage("tls must be true or false")
    address = f"[{host}]" if ":" in host else host
    return ObjectStorage(
        endpoint=f"{'https' if tls == 'true' else 'http'}://{address}{f':{port}' if port else ''}",
        bucket=bucket,
        prefix=f"{prefix}/" if prefix else "",
        region=options.get("region") or "us-east-1",
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
    )


def _storage_options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    for name in sorted({name for name, _value in pairs}):
        if name not in STORAGE_OPTIONS:
            raise _bad_storage(f"the option {name!r} is not known; there are {', '.join(STORAGE_OPTIONS)}")
    if len(dict(pairs)) != len(pairs):
        raise _bad_storage("an option is given twice")
    return dict(pairs)


def _bad_storage(problem: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"STORAGE_URL: {problem}")


def _refuse_half_signing(env: environ.Env, backend: str) -> None:
    """What the backend needs must be set, what it would ignore must not be."""
    needed = {f"SIGNING_BSRE_{each}" for each in SIGNING_NEEDS[backend]}
    if missing := sorted(name for name in needed if not env.str(name, default="")):
        message = f"{missing[0]} must be set when SIGNING_BACKEND is {backend}"
        raise ImproperlyConfigured(message)
    used = needed | {"SIGNING_BACKEND", *SIGNING_MAY_USE[backend]}
    if idle := sorted(name for name in SIGNING_VARIABLES - used if env.str(name, default="")):
        message = f"{idle[0]} is set, but SIGNING_BACKEND is {backend} and does not use it"
        raise ImproperlyConfigured(message)


def _bsre(env: environ.Env) -> Bsre:
    url = env.str("SIGNING_BSRE_URL", default="").rstrip("/")
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_HOSTS)
    if url and not (is_safe and parts.hostname and not parts.username and not parts.query):
        raise ImproperlyConfigured("SIGNING_BSRE_URL must be an https address without user and password")
    trust = _file(env, "SIGNING_BSRE_TRUST")
    if trust and "BEGIN CERTIFICATE" not in trust.read_text(errors="replace"):
        message = f"SIGNING_BSRE_TRUST: {trust} holds no certificate as PEM"
        raise ImproperlyConfigured(message)
    return Bsre(
        url=url,
        user=env.str("SIGNING_BSRE_USER", default=""),
        password=env.str("SIGNING_BSRE_PASSWORD", default=""),
        subscriber=env.str("SIGNING_BSRE_SUBSCRIBER", default=""),
        totp=env.str("SIGNING_BSRE_TOTP", default=""),
        trust=trust,
        ca=_file(env, "SIGNING_BSRE_CA"),
    )


def _file(env: environ.Env, name: str) -> Path | None:
    """A path that is given must lead to a file."""
    given = env.str(name, default="")
    if given and not Path(given).is_file():
        message = f"{name}: there is no file {given}"
        raise ImproperlyConfigured(message)
    return Path(given) if given else None


def _kept_secret(path: Path) -> str:
    """The embedded profile's own secret: made at first start, kept beside the data, readable by its owner only.

    Several processes start at once, and none may read half of what another writes. Whoever comes second takes the
    first one's secret.
    """
    if not path.exists():
        whole_files.write_once(path, secrets.token_urlsafe(64).encode())
    return _read_secret(path)


def _read_secret(path: Path) -> str:
    kept = path.read_text()
    if len(kept) < SHORTEST_SECRET_KEY:
        message = f"SECRET_KEY: {path} is damaged; remove it or set the variable"
        raise ImproperlyConfigured(message)
    return kept
