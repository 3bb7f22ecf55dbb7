"""Learning paths: which there are, and how far the reader is on one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from academy.people.models import Person
from courses.paths import public_paths, way_along


@require_safe
def paths(request: HttpRequest) -> HttpResponse:
    return render(
        request, "courses/paths.html", {"ways": [way_along(path, _reader(request)) for path in public_paths()]}
    )


@require_safe
def path(request: HttpRequest, path_key: str) -> HttpResponse:
    found = get_object_or_404(public_paths(), key=path_key)
    return render(request, "courses/path.html", {"way": way_along(found, _reader(request))})


def _reader(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None
