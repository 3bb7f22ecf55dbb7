"""My learning: the year's credit hours, what is running, what was earned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from academy.pages.templatetags.formats import day
from academy.people.models import Person
from certificates.models import Certificate
from courses.credit_hours import PNS_CREDIT_HOURS_A_YEAR, PPPK_CREDIT_HOURS_A_YEAR, credit_hours
from courses.deadlines import due, is_overdue
from courses.models import ActivityProgress, Completion, Enrolment
from courses.outline import outline_of
from courses.standing import Standing
from courses.switching import editions_to_switch_to, switch_link
from courses.views.access import course_url, personal
from courses.views.contents import module_items


@dataclass(frozen=True)
class Done:
    """What of an enrolment is done, and when the last of it was."""

    activities: AbstractSet[UUID]
    last_at: datetime | None


@personal("GET")
def my_learning(request: HttpRequest) -> HttpResponse:
    person = cast(Person, request.user)
    running = list(Enrolment.objects.running().filter(person=person).select_related("run", "agency"))
    today = timezone.localdate(timezone.now(), zone_of(running))
    rows = running_rows(running, today=today)
    earned = earned_rows(person)
    context = {
        "hours": hours_of_year(
            person, year=today.year, running=sum(outline_of(one.edition_id).credit_hours for one in running)
        ),
        "running": rows,
        "certificates": earned,
        "certificates_summary": summary(earned),
        "catalogue_url": "/katalog/",
    }
    return render(request, "dashboard/my_learning.html", context)


def zone_of(enrolments: Iterable[Enrolment]) -> ZoneInfo:
    """The time zone of the agency the person works at, told by the mirrors; the academy's own without any."""
    return ZoneInfo(next((one.agency.time_zone for one in enrolments if one.agency), settings.TIME_ZONE))


def hours_of_year(person: Person, *, year: int, running: int) -> dict[str, Any]:
    earned = credit_hours(person, year=year)
    missing = max(PNS_CREDIT_HOURS_A_YEAR - earned, 0)
    shown_running = min(running, missing)
    note = ""
    if person.kind == Person.Kind.PPPK:
        note = _("For a PPPK at most %(hours)s JP count per year of the work agreement (PP 49/2018).") % {
            "hours": PPPK_CREDIT_HOURS_A_YEAR
        }
    return {
        "year": year,
        "earned": earned,
        "running": shown_running,
        "open": missing - shown_running,
        "target": PNS_CREDIT_HOURS_A_YEAR,
        "remaining": remaining(missing, running, year=year),
        "note": note,
        "transcript_url": reverse("transcript", args=[year]),
    }


def remaining(missing: int, running: int, *, year: int) -> str:
    if not missing:
        return _("You have reached the %(target)s JP of %(year)s.") % {"target": PNS_CREDIT_HOURS_A_YEAR, "year": year}
    sentence = _("%(missing)s JP still to go until 31 December %(year)s.") % {"missing": missing, "year": year}
    if running >= missing:
        return _("%(sentence)s Finishing the courses in progress is enough.") % {"sentence": sentence}
    return sentence


def done_by_enrolment(enrolments: Iterable[Enrolment]) -> Mapping[int, Done]:
    activities: dict[int, set[UUID]] = defaultdict(set)
    last_at: dict[int, datetime] = {}
    rows = ActivityProgress.objects.filter(enrolment__in=enrolments).order_by("done_at")
    for enrolment, activity, done_at in rows.values_list("enrolment", "activity", "done_at"):
        activities[enrolment].add(activity)
        last_at[enrolment] = done_at
    return {one.pk: Done(activities[one.pk], last_at.get(one.pk)) for one in enrolments}


def running_rows(enrolments: list[Enrolment], *, today: date) -> list[dict[str, Any]]:
    """Running courses, overdue ones first, then the one learned in last; the first button is the primary action."""
    done = done_by_enrolment(enrolments)
    newer = editions_to_switch_to(enrolments)
    newest_first = sorted(
        enrolments,
        key=lambda one: (is_overdue(one, today=today), done[one.pk].last_at or one.enrolled_at),
        reverse=True,
    )
    return [
        running_row(enrolment, done[enrolment.pk].activities, today=today, primary=place == 0)
        | {"newer": switch_link(enrolment, newer.get(enrolment.pk))}
        for place, enrolment in enumerate(newest_first)
    ]


def running_row(enrolment: Enrolment, done: AbstractSet[UUID], *, today: date, primary: bool) -> dict[str, Any]:
    outline = outline_of(enrolment.edition_id)
    standing = Standing(enrolment, outline, done)
    return {
        "title": outline.title,
        "course_url": course_url(outline),
        "done": standing.done_count,
        "total": len(outline.activities),
        "url": standing.url_to_go_on(),
        "action": _("Continue") if enrolment.started_at else _("Start"),
        "primary": primary,
        "items": [item for module in outline.modules for item in module_items(standing, module)],
        "leave_url": reverse("withdraw", args=[enrolment.pk]),
        **due(enrolment, today=today),
    }


def earned_rows(person: Person) -> list[dict[str, Any]]:
    """Every finished course, newest first, with its certificate; one that is still being made says so."""
    newest = Certificate.objects.filter(superseded_at__isnull=True).select_related("file").order_by("revision")
    completions = (
        Completion.objects.filter(person=person)
        .select_related("edition")
        .prefetch_related(Prefetch("certificates", queryset=newest, to_attr="newest"))
        .order_by("-completed_at")
    )
    return [earned_row(one, one.newest) for one in completions]  # type: ignore[attr-defined]  # by the prefetch


def earned_row(completion: Completion, certificates: list[Certificate]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "title": completion.edition.title,
        "title_url": reverse("enrolment", args=[completion.enrolment_id]),
        "credit_hours": completion.credit_hours,
        "facts": _("%(hours)s JP · finished %(day)s")
        % {"hours": completion.credit_hours, "day": day(completion.completed_on)},
    }
    certificate = certificates[-1] if certificates else None
    if certificate is None or certificate.published_at is None:
        return row | {"state": "waiting", "state_label": _("The certificate is being made")}
    row |= {"number": certificate.number, "verify_url": reverse("certificate_by_code", args=[certificate.code])}
    if certificate.revoked_at is not None:
        counts = 0 if certificate.annuls_credit else completion.credit_hours
        return row | {"state": "revoked", "state_label": _("Certificate revoked"), "credit_hours": counts}
    size = certificate.file.size if certificate.file else 0
    last = completion.valid_until
    return row | {
        "notes": [_("Valid until %(day)s") % {"day": day(last)}] if last else [],
        "download_url": reverse("certificate_file", args=[certificate.code]),
        "size": f"{max(round(size / 1024), 1)} kB",
    }


def summary(rows: list[dict[str, Any]]) -> str:
    count = sum("download_url" in row for row in rows)
    certificates = ngettext("%(count)s certificate", "%(count)s certificates", count) % {"count": count}
    return f"{certificates} · {sum(row['credit_hours'] for row in rows)} JP"
