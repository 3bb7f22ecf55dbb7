"""One request of an HR officer: who asks, on which scope, with which filters, as of when."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from academy.people.models import Person
from academy.reports import reading
from academy.reports.files import FORMATS
from academy.reports.registry import REPORTS, Question, Report, read_question
from academy.reports.scope import Scope, scope_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inquiry:
    request: HttpRequest
    person: Person
    scope: Scope
    at: datetime

    def question(self, report: Report) -> tuple[Question, list[str]]:
        return read_question(self.request.GET.dict(), report.choices, scope=self.scope, at=self.at)


def _too_large(inquiry: Inquiry) -> HttpResponseBase:
    """Instead of the page its files are offered: they are made by a worker, which takes its time."""
    match, query = inquiry.request.resolver_match, inquiry.request.GET.urlencode()
    reports = [report for report in REPORTS.values() if match and report.page_view == match.url_name]
    files = [
        {
            "title": report.title,
            "files": [{"label": form.label, "url": report.address(word, query)} for word, form in FORMATS.items()],
        }
        for report in reports
    ]
    context = {"files": files, "scope": inquiry.scope.label}
    return render(inquiry.request, "reports/too_large.html", context, status=422)


def away(request: HttpRequest) -> HttpResponseBase:
    log.exception("The database for reports does not answer")
    return render(request, "reports/away.html", status=503)


Args = ParamSpec("Args")


def for_hr(
    view: Callable[Concatenate[Inquiry, Args], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, Args], HttpResponseBase]:
    """Signed out: to the sign-in form. Without the HR role today: 403. What is shown is kept in no cache."""

    @require_safe
    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
        at = timezone.now()
        person = request.user
        scope = scope_of(person, at=at) if isinstance(person, Person) else None
        if scope is None or not isinstance(person, Person):
            response: HttpResponseBase = render(request, "reports/no_role.html", status=403)
        else:
            response = view(Inquiry(request, person, scope, at), *args, **kwargs)
        add_never_cache_headers(response)
        return response

    return guarded


def within_limit(
    view: Callable[Concatenate[Inquiry, Args], HttpResponseBase],
) -> Callable[Concatenate[Inquiry, Args], HttpResponseBase]:
    """Read where reports are read. A page whose queries take too long is given up, and its files are offered instead."""

    @wraps(view)
    def limited(inquiry: Inquiry, /, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
        try:
            with reading.limited(settings.REPORTS_SECONDS):
                return view(inquiry, *args, **kwargs)
        except reading.TooLong:
            return _too_large(inquiry)
        except reading.Away:
            return away(inquiry.request)

    return limited
