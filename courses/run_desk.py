"""The pages of the CMS for a run: who is in it and how far, inviting people, and closing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from academy.people.models import AccessLog, Person
from courses.enrolment import NotOpen, enrol, withdraw
from courses.models import EditionActivity, Enrolment, Run
from courses.nip_list import nips_field, nips_in
from courses.outline import outline_of
from courses.runs import CannotClose, close_run, closing_of, last_day_is_to_come
from courses.trainers import WRITERS, organisers_of, own_rows

AT_ONCE = 500
PER_PAGE = 50


class InvitationForm(forms.Form):
    nips = nips_field(label=gettext_lazy("NIPs of those who are invited"), required=True)

    def clean_nips(self) -> list[str]:
        found = nips_in(self.cleaned_data["nips"])
        if len(found) > AT_ONCE:
            raise forms.ValidationError(_("At most %(most)d NIPs at once.") % {"most": AT_ONCE})
        return found


@dataclass(frozen=True)
class Invited:
    """What became of a list: how many came in, how many were in the course already, and who could not."""

    added: int
    already: int
    refused: tuple[str, ...]


@require_http_methods(["GET", "HEAD", "POST"])
def participants_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """The people of a run, and a form to invite more."""
    run, person, may_write = _run_of(request, run_id)
    form = InvitationForm()
    if request.method == "POST":
        if not may_write:
            raise PermissionDenied
        form = InvitationForm(request.POST)
        if form.is_valid():
            invited = invite(run, form.cleaned_data["nips"], by=person)
            _tell(request, invited)
            if not invited.refused:
                return redirect("run_participants", run.pk)
    rows = Enrolment.objects.current().filter(run=run).select_related("person", "unit__agency", "edition")
    # What was done in an edition that somebody no longer follows is kept, but not part of this one.
    followed = EditionActivity.objects.filter(edition=OuterRef("edition"), activity=OuterRef("progress__activity"))
    rows = rows.annotate(done=Count("progress", filter=Exists(followed))).order_by("person__name", "pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    context = {
        "run": run,
        "form": form,
        "may_write": may_write,
        "page": page,
        "rows": [_row(enrolment) for enrolment in page],
        "page_title": _("Participants"),
        "page_subtitle": str(run),
        "header_icon": "group",
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "courses/cms/run_participants.html", context, status=status)


@require_http_methods(["POST"])
def remove_participant_view(request: HttpRequest, run_id: int, enrolment_id: int) -> HttpResponse:
    """Take somebody out; the row and everything done in it stay."""
    run, _person, may_write = _run_of(request, run_id)
    if not may_write:
        raise PermissionDenied
    enrolment = get_object_or_404(Enrolment.objects.select_related("person"), pk=enrolment_id, run=run)
    name = {"name": enrolment.person.full_name}
    if withdraw(enrolment, at=timezone.now()):
        messages.success(request, _("%(name)s is no longer in this run. What was done is kept.") % name)
    else:
        messages.error(request, _("%(name)s has finished this course and stays.") % name)
    return redirect("run_participants", run.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def close_run_view(request: HttpRequest, run_id: int) -> HttpResponse:
    """Show what closing writes down, then close."""
    run, person, may_write = _run_of(request, run_id)
    if not may_write:
        raise PermissionDenied
    if request.method == "POST":
        try:
            attended = close_run(run, by=person, at=timezone.now())
        except CannotClose as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("The run is closed; %(attended)d more people have attended.") % {"attended": attended}
            )
        return redirect("run_participants", run.pk)
    context = {
        "run": run,
        "closing": closing_of(run),
        "is_early": last_day_is_to_come(run, at=timezone.now()),
        "page_title": _("Close the run"),
        "page_subtitle": str(run),
        "header_icon": "lock",
    }
    return TemplateResponse(request, "courses/cms/close_run.html", context)


def invite(run: Run, nips: list[str], *, by: Person) -> Invited:
    """Put these people into the run; a repeat adds nobody twice. Who could not is named with the reason.

    Each look at a person's data is logged: the organiser sees whoever is in the own runs.
    """
    at = timezone.now()
    people = {person.nip: person for person in Person.objects.filter(nip__in=nips, is_active=True)}
    added = already = 0
    refused = [_("%(nip)s: nobody here has this NIP.") % {"nip": nip} for nip in nips if nip not in people]
    for nip, person in people.items():
        try:
            with transaction.atomic():
                before = Enrolment.objects.filter(run=run, person=person, withdrawn_at__isnull=True).exists()
                enrolment = enrol(person, run.course, at=at, run=run, invited=True)
                AccessLog.objects.create(
                    person=by,
                    action=AccessLog.Action.PERSON_PAGE,
                    scope=str(run)[:300],
                    at=at,
                    subject=person,
                    detail={"run": run.pk},
                )
        except NotOpen as refusal:
            refused.append(f"{nip}: {refusal}")
            continue
        if enrolment.run_id != run.pk:
            refused.append(
                _("%(nip)s: takes this course already, in %(run)s.") % {"nip": nip, "run": enrolment.run.name}
            )
        else:
            added, already = added + (not before), already + before
    return Invited(added, already, tuple(refused))


def _run_of(request: HttpRequest, run_id: int) -> tuple[Run, Person, bool]:
    """A dated run of one's own organisers, who asks, and whether he or she may change it; 404 for any other run."""
    person = request.user
    if not isinstance(person, Person):
        raise PermissionDenied
    at = timezone.now()
    runs = own_rows(Run, person, at=at).filter(number__isnull=False).select_related("course__organiser")
    run: Run = get_object_or_404(runs, pk=run_id)
    return run, person, organisers_of(person, at=at, kinds=WRITERS).filter(pk=run.course.organiser_id).exists()


def _tell(request: HttpRequest, invited: Invited) -> None:
    if invited.added or not invited.refused:
        messages.success(
            request,
            _("%(added)d people added; %(already)d were in the run already.")
            % {"added": invited.added, "already": invited.already},
        )
    for line in invited.refused[:20]:
        messages.warning(request, line)
    if len(invited.refused) > 20:
        messages.warning(request, _("And %(count)d more.") % {"count": len(invited.refused) - 20})


def _row(enrolment: Any) -> dict[str, Any]:
    return {
        "pk": enrolment.pk,
        "name": enrolment.person.full_name,
        "unit": enrolment.unit.name if enrolment.unit else "",
        "agency": enrolment.unit.agency.name if enrolment.unit else "",
        "edition": enrolment.edition.number,
        "done": enrolment.done,
        "total": len(outline_of(enrolment.edition_id).activities),
        "completed_at": enrolment.completed_at,
    }
