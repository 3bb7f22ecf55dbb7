"""My certificates, and their files for their owner."""

from __future__ import annotations

import logging
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from academy.pages.templatetags import formats
from academy.people.models import Person
from certificates import ends, holders, issuing, renewing, store
from certificates.credential import as_bytes
from certificates.file_names import piece
from certificates.issued import reason_in_words
from certificates.models import Certificate
from courses.models import Completion

log = logging.getLogger(__name__)


@login_required
@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Mine, newest first; what is still being made stands on top."""
    person: Person = request.user  # type: ignore[assignment]
    mine = (
        Certificate.objects.filter(completion__person=person)
        .select_related("file", "organiser", "completion")
        .defer("file__credential")
    )
    rows = list(mine.annotate(has_credential=Q(file__credential__isnull=False)).order_by("-issued_at", "-pk"))
    without = Completion.objects.filter(person=person, certificates__isnull=True).select_related("edition")
    owed = list(without.order_by("-completed_at"))
    waiting = [_waiting_row(completion) for completion in owed]
    counted = [row for row in rows if row.published_at and not row.revoked_at and not row.superseded_at]
    newest = {row.completion_id: row for row in sorted(rows, key=attrgetter("revision"))}
    at = timezone.now()
    renewals = renewing.addresses(rows, at=at)
    context = {
        "certificates": waiting
        + [_row(row, newest=newest[row.completion_id], renew_url=renewals.get(row.pk, ""), at=at) for row in rows],
        "summary": _summary(counted),
        "transcripts": _transcripts(rows, owed),
        "wants_details": holders.are_wanted(person),
        "catalogue_url": "/katalog/",
    }
    response = render(request, "certificates/mine.html", context)
    add_never_cache_headers(response)
    return response


@login_required
@require_safe
def file(request: HttpRequest, code: str) -> HttpResponse:
    """The published file of one's own certificate, byte for byte; another person's does not exist.

    A missing or damaged file is an alarm. It is never drawn again: what was published is a fact.
    """
    certificate = _own(request, code)
    content = _content(certificate)
    if content is None:
        response = render(request, "certificates/file_missing.html", {"number": certificate.number}, status=503)
    else:
        name = f"sertifikat-{piece(certificate.facts['course'])}-{piece(certificate.number)}.pdf"
        response = HttpResponse(content, content_type="application/pdf")
        response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    add_never_cache_headers(response)
    return response


@login_required
@require_safe
def credential(request: HttpRequest, code: str) -> HttpResponse:
    """The verifiable credential of one's own certificate, as it is attached to the file; 404 for one that has none."""
    certificate = _own(request, code)
    if certificate.file is None or certificate.file.credential is None:
        raise Http404
    response = HttpResponse(as_bytes(certificate.file.credential), content_type="application/vc+ld+json")
    name = f"kredensial-{piece(certificate.number)}.json"
    response.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    add_never_cache_headers(response)
    return response


def _own(request: HttpRequest, code: str) -> Certificate:
    """A published one of the person who asks; another person's does not exist."""
    published = Certificate.objects.published().select_related("file")
    return get_object_or_404(published, code=code, completion__person=request.user)


def _content(certificate: Certificate) -> bytes | None:
    """The stored bytes, if they are still those that were published."""
    if certificate.file is None:
        return None
    try:
        return store.read_exactly(certificate.file.key, sha256=certificate.file.sha256)
    except store.FileDamaged:
        log.critical("The file of certificate %s is damaged", certificate.pk)
    except OSError as error:
        log.critical("The file of certificate %s cannot be read: %s", certificate.pk, type(error).__name__)
    return None


def _transcripts(rows: list[Certificate], owed: list[Completion]) -> list[dict[str, Any]]:
    """The years in which something was completed, the newest first. Another room draws them."""
    years = {int(row.facts["completed_on"][:4]) for row in rows} | {one.completed_on.year for one in owed}
    return [{"year": year, "url": f"/transkrip/{year}/"} for year in sorted(years, reverse=True)]


def _row(certificate: Certificate, *, newest: Certificate, renew_url: str, at: datetime) -> dict[str, Any]:
    """For components/certificate_row.html. `newest` is the last revision of the same certificate, perhaps itself."""
    row = {"title": certificate.facts["course"], "number": certificate.number}
    words = {
        "credit_hours": certificate.facts["credit_hours"],
        "day": formats.day(date.fromisoformat(certificate.facts["issued_on"])),
    }
    if not certificate.published_at or certificate.file is None:
        is_aside = certificate.tries >= issuing.MOST_TRIES
        return row | {
            "facts": _("%(credit_hours)s JP · certificate date %(day)s") % words,
            "state": "overdue" if is_aside else "waiting",
            "state_label": _("Delayed, the operator is looking into it") if is_aside else _("Being signed"),
        }
    row |= {
        "facts": _("%(credit_hours)s JP · issued %(day)s") % words,
        "download_url": reverse("certificate_file", kwargs={"code": certificate.code}),
        "size": filesizeformat(certificate.file.size),
        "credential_url": certificate.has_credential  # type: ignore[attr-defined]  # an annotation
        and reverse("certificate_credential", kwargs={"code": certificate.code}),
        "verify_url": reverse("certificate_by_code", kwargs={"code": certificate.code}),
    }
    if not certificate.revoked_at and not certificate.superseded_at:
        share_url = f"{settings.SITE_URL}/V/{certificate.code}"
        return row | {"share_url": share_url, "renew_url": renew_url} | _end_of(certificate, at=at)
    row |= {"state": "revoked", "state_label": _("Replaced by a newer one"), "notes": _fate(certificate, newest)}
    return row | {"state_label": _("Revoked")} if certificate.revoked_at else row


def _end_of(certificate: Certificate, *, at: datetime) -> dict[str, Any]:
    """Until when it holds, with a mark where that is soon or over; nothing for one that holds without end."""
    last = formats.day(ends.last_day(certificate))
    if ends.has_ended(certificate, at=at):
        return {"state": "overdue", "state_label": _("Expired, was valid until %(day)s") % {"day": last}}
    if ends.ends_soon(certificate, at=at):
        return {"state": "waiting", "state_label": _("Ends soon, valid until %(day)s") % {"day": last}}
    return {"notes": [_("Valid until %(day)s") % {"day": last}]} if last else {}


def _fate(certificate: Certificate, newest: Certificate) -> list[str]:
    """Why and when it was revoked, and which number stands for it now."""
    zone = certificate.organiser.time_zone
    said = []
    if certificate.revoked_at:
        said.append(
            _("Revoked on %(day)s: %(reason)s")
            % {
                "day": formats.day(certificate.revoked_at, zone),
                "reason": reason_in_words(certificate.revocation_reason),
            }
        )
    if certificate.superseded_at:
        said.append(
            _("Replaced on %(day)s by number %(number)s")
            % {"day": formats.day(certificate.superseded_at, zone), "number": newest.number}
        )
    return said


def _waiting_row(completion: Completion) -> dict[str, Any]:
    return {
        "title": completion.edition.title,
        "facts": _("%(credit_hours)s JP · completed %(day)s")
        % {"credit_hours": completion.credit_hours, "day": formats.day(completion.completed_on)},
        "number": "",
        "state": "waiting",
        "state_label": _("Being issued"),
    }


def _summary(counted: list[Certificate]) -> str:
    hours = sum(certificate.facts["credit_hours"] for certificate in counted)
    return ngettext("%(count)s certificate · %(hours)s JP", "%(count)s certificates · %(hours)s JP", len(counted)) % {
        "count": len(counted),
        "hours": hours,
    }
