"""One request of an HR officer: who asks, on which scope, with which filters, as of when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from academy.people.models import Person
from academy.reports.facts import years
from academy.reports.filters import Filters, State, read_filters
from academy.reports.scope import Scope, scope_of
from courses.models import Course, Edition


@dataclass(frozen=True)
class Inquiry:
    request: HttpRequest
    person: Person
    scope: Scope
    at: datetime

    @property
    def this_year(self) -> int:
        return timezone.localdate(self.at).year

    def courses(self) -> list[Course]:
        """The courses people could take: those with an edition."""
        return list(Course.objects.filter(Exists(Edition.objects.filter(course=OuterRef("pk")))).order_by("code"))

    def years(self) -> list[int]:
        return years(this_year=self.this_year)

    def filters(self, courses: list[Course], years: list[int], state: State | None = None) -> tuple[Filters, list[str]]:
        return read_filters(
            self.request.GET.dict(),
            scope=self.scope,
            courses=courses,
            years=years,
            this_year=self.this_year,
            state=state,
        )


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
