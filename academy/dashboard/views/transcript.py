"""The transcript of one's own year, for download."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from academy.dashboard import transcript as transcripts
from academy.people.models import Person
from courses.views.access import personal

FIRST_YEAR = 2000  # nothing was learned here before


@personal("GET")
def transcript(request: HttpRequest, year: int) -> HttpResponse:
    """Drawn anew each time: it says from which moment it is. A year without courses says so; a year to come does not exist."""
    person = cast(Person, request.user)
    zone = person.unit.agency.time_zone if person.unit else settings.TIME_ZONE
    at = timezone.now()
    if not FIRST_YEAR <= year <= timezone.localtime(at).year:
        raise Http404
    content = transcripts.draw(transcripts.gather(person, year=year, at=at), zone=zone)
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=f"transkrip-{year}.pdf") or ""
    )
    return response
