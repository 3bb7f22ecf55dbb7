"""The page header and footer: where one can go, and who runs this academy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from academy.pages.caching import content_version
from academy.people.models import Organiser, Role
from certificates.signing import BY_HAND

HR_PAGES = "/kepegawaian/"
ORGANISER_KEY = "site-organiser"
KEEP_SECONDS = 10 * 60
AUTHORS = {Role.Kind.TRAINER, Role.Kind.REVIEWER, Role.Kind.ORGANISER}
OPERATORS = {Role.Kind.OPERATOR, Role.Kind.DATA_PROTECTION}


@dataclass(frozen=True)
class Entry:
    url: str
    label: str
    current: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of every page. Roles come with the person at each request: one that ended disappears at once."""
    addresses = [(reverse("home"), _("Home")), ("/katalog/", _("Catalogue"))]
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        addresses.append((reverse("verify"), _("Verification")))
    else:
        kinds = user.role_kinds
        addresses.append((reverse("my_learning"), _("My learning")))
        addresses.append((reverse("my_certificates"), _("Certificates")))
        if Role.Kind.HR in kinds:
            addresses.append((reverse("report_overview"), _("Reports")))
        if kinds & AUTHORS or user.is_superuser:
            addresses.append((reverse("wagtailadmin_home"), _("Authoring")))
        if Role.Kind.ORGANISER in kinds and settings.SIGNING.backend == BY_HAND:
            addresses.append((reverse("signatory"), _("Signing")))
        if kinds & OPERATORS or user.is_superuser:
            addresses.append((reverse("operator"), _("Administration")))
    here = request.path.replace(HR_PAGES, reverse("report_overview"), 1)  # one desk, reached from the reports
    longest = max((url for url, _label in addresses if _is_at(here, url)), key=len, default="")
    return {
        "navigation": [Entry(url, label, current=url == longest) for url, label in addresses],
        "organiser": _organiser(),
    }


def _is_at(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))


def _organiser() -> dict[str, str]:
    """Who runs this installation: its first organiser, as printed in header and footer."""
    key = f"{ORGANISER_KEY}:{content_version()}"
    kept: dict[str, str] | None = cache.get(key)
    if kept is None:
        organiser = Organiser.objects.order_by("pk").first()
        kept = {}
        if organiser:
            kept = {
                "name": organiser.short_name,
                "region": organiser.government_name.removeprefix("Pemerintah ").strip(),
            }
        cache.set(key, kept, KEEP_SECONDS)
    return kept
