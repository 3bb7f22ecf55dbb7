"""Settings of the academy, driven by the environment (see `academy/env.py`)."""

from pathlib import Path
from typing import Any

import environ
from django.utils.translation import gettext_lazy as _

from academy import env as environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENV = environment.read(BASE_DIR)
DATA_DIR = ENV.data_dir

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
SITE_URL = ENV.site_url
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "academy.people",
    "academy.notifications",
    "academy.pages",
    "courses",
    "certificates",
    "academy.reports",
    "academy.dashboard",
    "academy.api",
    "academy.demo",
    "academy.pages.cms_words",  # after our rooms, whose own words come first
    "wagtail.contrib.table_block",
    "academy.people.cms_config.CmsUsersConfig",
    "wagtail.sites",  # the CMS links to it wherever a superuser sees the root of the pages
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail",
    "modelcluster",
    "taggit",
    "treebeard",
    "allauth",
    "allauth.account",
    "csp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "academy.api.probes.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "academy.pages.cms_policy.CmsPolicyMiddleware",
    "academy.pages.language.LanguageMiddleware",
    "academy.pages.caching.AnonymousPageCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "courses.cms_gate.CmsGateMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "academy.urls"
WSGI_APPLICATION = "academy.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "academy" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "academy.dashboard.navigation.navigation",
            ],
            "builtins": ["academy.pages.templatetags.formats"],
        },
    },
]

# Databases. SQLite needs exactly these settings: a transaction that reads and then writes fails at once under load
# unless it begins IMMEDIATE, and certificates must survive a power cut (synchronous=FULL). No ATOMIC_REQUESTS:
# every GET would take the write lock.
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA mmap_size=134217728; "
    "PRAGMA journal_size_limit=27103364; PRAGMA cache_size=-20000; PRAGMA temp_store=MEMORY;"
)


def database(url: str) -> dict[str, Any]:
    """Django's settings for a database address: SQLite or PostgreSQL."""
    settings: dict[str, Any] = environ.Env.db_url_config(url)
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        settings["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": SQLITE_PRAGMAS}
        settings["CONN_MAX_AGE"] = 600
        # A file, not memory: tests with several threads or processes meet the real locks.
        settings["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
    else:
        options = settings.setdefault("OPTIONS", {})
        options["pool"] = {"min_size": 1, "max_size": 10, "timeout": 20}
        # Compiling a report's query takes ten times as long as running it; a file reads its lines to the end; with the
        # 4 MB of a server as it comes, rows of a large agency are looked for in whole pages, three times as long; and
        # nobody waits for what a process asked that is gone (stopped, killed), though a nation's list sorts for minutes.
        options.setdefault(
            "options",
            "-c jit=off -c cursor_tuple_fraction=1.0 -c work_mem=16MB -c client_connection_check_interval=5000",
        )
        settings["CONN_MAX_AGE"] = 0
    return settings


DATABASES = {"default": database(ENV.database_url)}
# Reports may be read elsewhere (academy/reports/reading.py); without an address of its own there is no such alias.
if ENV.reports_database_url:
    DATABASES["reports"] = database(ENV.reports_database_url)
DATABASE_ROUTERS = ["academy.reports.reading.ReportsRouter"]
REPORTS_SECONDS = ENV.reports_seconds  # how long the queries of one page may take
EVIDENCE_INDICATOR = ENV.evidence_indicator  # what the dossier of reports is evidence of
EVIDENCE_REFERENCE = ENV.evidence_reference  # key of the LegalReference that it cites
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENV.redis_url
COUNTS_PATH = DATA_DIR / "counts.sqlite3"  # rate limits without Redis: see academy/counting.py

# What several processes share lives in Redis, or embedded in rows and files; never in one process's memory.
if ENV.redis_url:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {"BACKEND": "academy.cache.ForgivingRedisCache", "LOCATION": ENV.redis_url}
    }
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": DATA_DIR / "cache",
            "OPTIONS": {"MAX_ENTRIES": 5000},
        }
    }
    SESSION_ENGINE = "django.contrib.sessions.backends.db"

# People and signing in
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # e-mail is unique on Lower(email), which the check does not see
    "security.W019",  # the CMS previews pages in a frame of the same origin
]
AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["academy.people.signin.NipOrEmailBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/belajar/"
LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "academy.people.signin.AccountAdapter"
ACCOUNT_FORMS = {"login": "academy.people.signin.SignInForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_SESSION_REMEMBER = True
# One agency often shares one address: the limit per address is wide, the limit per account is narrow.
ACCOUNT_RATE_LIMITS = {"login": "600/m/ip", "login_failed": "100/m/ip,10/5m/key"}
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

# Language: Indonesian first
LANGUAGE_CODE = "id"
LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "bahasa"
LOCALE_PATHS = [BASE_DIR / "academy" / "locale"]
USE_TZ = True
TIME_ZONE = "Asia/Makassar"

# Files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "academy" / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = DATA_DIR / "media"
CERTIFICATES_ROOT = DATA_DIR / "certificates"
STORAGE = ENV.storage  # a bucket instead of that folder
SIGNING = ENV.signing
IMPORTS_ROOT = DATA_DIR / "imports"
EXPORTS_ROOT = DATA_DIR / "exports"  # archives of certificates and files of reports, for some days
PACKAGES_ROOT = DATA_DIR / "packages"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Mail
vars().update(ENV.email)
DEFAULT_FROM_EMAIL = f"Akademi Digital ASN <noreply@{ENV.site_host.split(':')[0]}>"

# Celery: see academy/celery.py. Publishing never delays or fails a request.
CELERY_BROKER_URL = ENV.celery_broker_url
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # our handlers hide what logs must not hold
CELERY_TASK_DEFAULT_QUEUE = "prompt"
CELERY_TASK_ROUTES = {
    "courses.tasks.assign": {"queue": "long"},
    "courses.tasks.carry_on_assignments": {"queue": "long"},
    "academy.people.tasks.work_on_import": {"queue": "long"},
    "academy.people.tasks.work_on_owed_imports": {"queue": "long"},
    "academy.people.tasks.delete_old_import_files": {"queue": "long"},
    "certificates.tasks.work_on_archive": {"queue": "long"},
    "certificates.tasks.work_on_owed_archives": {"queue": "long"},
    "certificates.tasks.delete_old_files": {"queue": "long"},
    "academy.reports.tasks.make_next_export": {"queue": "long"},
    "academy.reports.tasks.delete_old_exports": {"queue": "long"},
    "academy.reports.tasks.check_numbers": {"queue": "long"},
    "academy.reports.tasks.count_agencies": {"queue": "long"},
}
CELERY_TIMEZONE = TIME_ZONE
EXPIRES = {"expires": 60}  # by then the clock sent another: a worker that was down is not buried under old ones
CELERY_BEAT_SCHEDULE = {
    "mirror-placements": {"task": "academy.people.tasks.mirror_placements", "schedule": 3600.0, "options": EXPIRES},
    "close-expired-attempts": {"task": "courses.tasks.close_expired_attempts", "schedule": 60.0, "options": EXPIRES},
    "carry-on-assignments": {
        "task": "courses.tasks.carry_on_assignments",
        "schedule": 60.0,
        "options": EXPIRES | {"queue": "long"},
    },
    "issue-owed-certificates": {
        "task": "certificates.tasks.issue_owed_certificates",
        "schedule": 60.0,
        "options": EXPIRES,
    },
    "remind-of-ends": {"task": "certificates.tasks.remind_of_ends", "schedule": 600.0, "options": EXPIRES},
    "publish-scheduled-pages": {
        "task": "academy.pages.tasks.publish_scheduled_pages",
        "schedule": 60.0,
        "options": EXPIRES,
    },
    "deliver-owed-messages": {
        "task": "academy.notifications.tasks.deliver_owed_messages",
        "schedule": 60.0,
        "options": EXPIRES,
    },
    "work-on-owed-imports": {
        "task": "academy.people.tasks.work_on_owed_imports",
        "schedule": 60.0,
        "options": EXPIRES,
    },
    "delete-old-import-files": {
        "task": "academy.people.tasks.delete_old_import_files",
        "schedule": 3600.0,
        "options": EXPIRES,
    },
    "work-on-owed-archives": {
        "task": "certificates.tasks.work_on_owed_archives",
        "schedule": 60.0,
        "options": EXPIRES,
    },
    "delete-old-certificate-files": {
        "task": "certificates.tasks.delete_old_files",
        "schedule": 3600.0,
        "options": EXPIRES,
    },
    "make-owed-exports": {
        "task": "academy.reports.tasks.make_next_export",
        "schedule": 60.0,
        "options": EXPIRES,
    },
    "delete-old-exports": {
        "task": "academy.reports.tasks.delete_old_exports",
        "schedule": 3600.0,
        "options": EXPIRES,
    },
    "check-numbers": {"task": "academy.reports.tasks.check_numbers", "schedule": 600.0, "options": EXPIRES},
    "count-agencies": {
        "task": "academy.reports.tasks.count_agencies",
        "schedule": 120.0,
        "options": EXPIRES,
    },
    "prompt-heartbeat": {
        "task": "academy.api.tasks.beat_heart",
        "schedule": 30.0,
        "args": ["prompt"],
        "options": EXPIRES,
    },
    "long-heartbeat": {
        "task": "academy.api.tasks.beat_heart",
        "schedule": 30.0,
        "args": ["long"],
        "options": EXPIRES | {"queue": "long"},
    },
}
if CELERY_BROKER_URL.startswith("filesystem:"):
    BROKER_DIR = DATA_DIR / "broker"
    for folder in ("messages", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "control_folder": str(BROKER_DIR / "control"),
        "store_processed": False,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5, "connect_timeout": 1}

# Wagtail
WAGTAIL_SITE_NAME = "Akademi Digital ASN"
WAGTAILADMIN_BASE_URL = SITE_URL
WAGTAIL_I18N_ENABLED = False
WAGTAILADMIN_PERMITTED_LANGUAGES = [("id", _("Indonesian")), ("en", _("English"))]
WAGTAILIMAGES_EXTENSIONS = ["gif", "jpg", "jpeg", "png", "webp", "svg"]
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "mp4", "ods", "odt", "pdf", "pptx", "txt", "webm", "xlsx"]
WAGTAILIMAGES_IMAGE_FORM_BASE = "courses.file_forms.EditionImageForm"
WAGTAILDOCS_DOCUMENT_FORM_BASE = "courses.file_forms.EditionDocumentForm"
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAILEMBEDS_FINDERS: list[dict[str, Any]] = []
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "academy.pages.search_backend"}}
WAGTAIL_WORKFLOW_ENABLED = False  # a second person reads editions, not pages: docs/decisions.md
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_PASSWORD_RESET_ENABLED = False  # people change and reset their password on our own pages
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_FRONTEND_LOGIN_URL = "/masuk/"
WAGTAILADMIN_LOGIN_URL = "/masuk/"

# Security
SECURE_SSL_REDIRECT = ENV.is_production
SECURE_HSTS_SECONDS = 31536000 if ENV.is_production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = ENV.is_production
SECURE_HSTS_PRELOAD = ENV.is_production
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.is_production else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.is_https
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "SAMEORIGIN"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "media-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'self'"],
        "manifest-src": ["'self'"],
    },
    "EXCLUDE_URL_PREFIXES": ("/cms/",),
}

# Logs carry no NIP, token or password: see academy/logs.py
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "academy.logs.HidingFormatter", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django_tasks": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}
