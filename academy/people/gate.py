"""The door to pages for roles: who asks, at what moment, and what they may see (promise P4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from academy.people.models import Person, Role
from academy.people.models.agency import WorkUnitQuerySet
from academy.people.scope import people_in, roles_of, units_under


@dataclass(frozen=True)
class Officer:
    """One request of somebody who holds one of the roles asked for."""

    request: HttpRequest
    person: Person
    kind: Role.Kind
    at: datetime

    @cached_property
    def roles(self) -> list[Role]:
        """The roles of this kind in force when the request began, with their units."""
        return list(roles_of(self.person, kind=self.kind, at=self.at))

    def units(self) -> WorkUnitQuerySet:
        """The units in scope, closed ones included."""
        return units_under(self.roles)

    def people(self) -> QuerySet[Person]:
        """Everybody who works in the scope today, active or not."""
        return people_in(self.units())


def _held(person: Person) -> set[str]:
    return {*person.role_kinds, *([Role.Kind.OPERATOR] if person.is_superuser else [])}


Args = ParamSpec("Args")
View = Callable[Concatenate[Officer, Args], HttpResponseBase]


def for_role(
    kinds: Role.Kind | Sequence[Role.Kind], *methods: str
) -> Callable[[View[Args]], Callable[Concatenate[HttpRequest, Args], HttpResponseBase]]:
    """A page for holders of this role (or of one of these) at this moment, opened with these methods only.

    GET allows HEAD. A superuser passes for an operator. Signed out: to the sign-in form. Without the role: 403. What is shown is kept in no cache.
    """
    wanted = [kinds] if isinstance(kinds, Role.Kind) else list(kinds)
    allowed = [*methods, "HEAD"] if "GET" in methods else list(methods)

    def decorate(view: View[Args]) -> Callable[Concatenate[HttpRequest, Args], HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: Args.args, **kwargs: Args.kwargs) -> HttpResponseBase:
            person = request.user
            held = _held(person) if isinstance(person, Person) else set()
            kind = next((kind for kind in wanted if kind in held), None)
            if request.method not in allowed:
                response: HttpResponseBase = render(request, "405.html", status=405)
                response.headers["Allow"] = ", ".join(methods)
            elif isinstance(person, Person) and kind is not None:
                response = view(Officer(request, person, kind, timezone.now()), *args, **kwargs)
            else:
                response = render(request, "people/no_role.html", {"kind": wanted[0].label}, status=403)
            add_never_cache_headers(response)
            return response

        return guarded

    return decorate
