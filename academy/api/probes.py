"""Probes for operators: is the process alive, can it work, and what is owed.

They answer before hosts, sessions and redirects are looked at, so that a probe on the machine itself needs no set-up.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from kombu.exceptions import KombuError
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from academy import doorbell
from academy.api import heartbeat
from academy.notifications import messages
from academy.notifications.models import Message
from academy.reports import reconciliation
from academy.reports.models import Export
from certificates import issuing
from certificates.models import Certificate

OLDEST_OWED_SECONDS = 15 * 60
BROKER_WITHIN_SECONDS = 1
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST", "HTTP_VIA")


class ProbeMiddleware:
    """Stands first. Other requests pass untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.probes = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self.probes.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        response = probe(request)
        response.headers["Cache-Control"] = "no-store"
        return response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when everything the academy needs is there, 503 with what is missing. Strangers get no details."""
    checks = {"database": _database(), "broker": _broker(), **_workers(), "owed": _owed(), "numbers": _numbers()}
    ready = all(check["ok"] for check in checks.values())
    answer = {"ready": ready} | ({"checks": checks} if _is_local(request) else {})
    response = JsonResponse(answer, status=200 if ready else 503)
    # Whoever asks wants to know; asked every half second at start, it would fill the log with errors.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for this machine only."""
    if not _is_local(request):
        return HttpResponseForbidden("Only for this machine\n", content_type="text/plain; charset=utf-8")
    registry = CollectorRegistry()
    now = timezone.now()
    count, age = _owed_certificates(now)
    figures: list[tuple[str, str, float]] = [
        ("academy_certificates_owed", "Completions and certificates still to be published", count),
        ("academy_certificates_owed_oldest_seconds", "Age of the oldest of them", age),
        ("academy_certificates_published", "Published certificates", Certificate.objects.published().count()),
        ("academy_certificates_failed", "Certificates set aside after too many tries", issuing.set_aside().count()),
        ("academy_messages_owed", "Messages still to be sent", Message.objects.filter(sent_at=None).count()),
        ("academy_messages_sent", "Messages sent", Message.objects.exclude(sent_at=None).count()),
        ("academy_messages_failed", "Messages set aside after too many tries", messages.set_aside().count()),
        ("academy_exports_owed", "Report files still to be made", Export.objects.owed().count()),
        ("academy_broker_publish_errors", "Messages the broker did not take", doorbell.failures()),
        *_figures_of_the_recount(now),
    ]
    for name, meaning, value in figures:
        Gauge(name, meaning, registry=registry).set(value)
    ages = Gauge("academy_worker_heartbeat_age_seconds", "Since the last sign of life", ["queue"], registry=registry)
    for queue in heartbeat.QUEUES:
        seconds = heartbeat.age_seconds(queue)
        ages.labels(queue).set(float("inf") if seconds is None else seconds)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _database() -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return {"ok": False, "why": type(error).__name__}
    return {"ok": True}


def _broker() -> dict[str, Any]:
    """Can messages be published? With files: may we write; otherwise: does it take a connection within a second."""
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        folder = Path(settings.BROKER_DIR) / "messages"
        return {"ok": True} if os.access(folder, os.W_OK) else {"ok": False, "why": "folder not writable"}
    line = current_app.connection_for_write(
        connect_timeout=BROKER_WITHIN_SECONDS,
        transport_options={"socket_connect_timeout": BROKER_WITHIN_SECONDS, "socket_timeout": BROKER_WITHIN_SECONDS},
    )
    try:
        line.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_WITHIN_SECONDS)
    except (OSError, KombuError) as error:
        return {"ok": False, "why": type(error).__name__}
    finally:
        line.release()
    return {"ok": True}


def _workers() -> dict[str, dict[str, Any]]:
    checks = {}
    for queue in heartbeat.QUEUES:
        age = heartbeat.age_seconds(queue)
        is_alive = age is not None and age <= heartbeat.OLDEST_SECONDS
        checks[f"worker_{queue}"] = {"ok": is_alive, "age_seconds": None if age is None else round(age)}
    return checks


def _owed() -> dict[str, Any]:
    try:
        count, age = _owed_certificates(timezone.now())
    except DatabaseError as error:
        return {"ok": False, "why": type(error).__name__}
    return {"ok": age <= OLDEST_OWED_SECONDS, "count": count, "oldest_seconds": round(age)}


def _numbers() -> dict[str, Any]:
    """A warning only: that stored numbers differ is no reason to take the academy away from its readers."""
    try:
        newest = reconciliation.newest()
    except DatabaseError as error:
        return {"ok": True, "why": type(error).__name__}
    if newest is None or newest.finished_at is None:
        return {"ok": True, "differences": None}
    return {"ok": True, "differences": newest.left, "as_of": newest.finished_at.isoformat(timespec="seconds")}


def _figures_of_the_recount(now: datetime) -> list[tuple[str, str, float]]:
    newest = reconciliation.newest()
    if newest is None or newest.finished_at is None:
        return []
    age = (now - newest.finished_at).total_seconds()
    return [
        ("academy_numbers_differing", "Stored numbers that the newest recount found different", newest.left),
        ("academy_numbers_checked_age_seconds", "Since the newest recount", max(age, 0.0)),
    ]


def _owed_certificates(now: datetime) -> tuple[int, float]:
    """How many are owed and the age of the oldest in seconds; what was set aside is counted as failed instead."""
    completions = issuing.completions_without_certificate()
    certificates = issuing.owed_files()
    oldest = [
        moment
        for moment in (
            completions.aggregate(oldest=Min("completed_at"))["oldest"],
            certificates.aggregate(oldest=Min("issued_at"))["oldest"],
        )
        if moment
    ]
    age = (now - min(oldest)).total_seconds() if oldest else 0.0
    return completions.count() + certificates.count(), max(age, 0.0)


def _is_local(request: HttpRequest) -> bool:
    """From this machine and not passed on by a proxy on it."""
    if any(header in request.META for header in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
