"""Pages for importing people and units: hand in a file, look at what it would do, apply it, take it back."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from academy.people.gate import Officer, for_role
from academy.people.models import Agency, Role, RosterImport
from academy.people.roster import files, jobs
from academy.people.roster.refused import table_into
from academy.people.views import import_pages

LINES_SHOWN = 20
for_hr = for_role(Role.Kind.HR, "GET", "POST")


class UploadForm(forms.Form):
    agency = forms.ModelChoiceField(
        Agency.objects.none(), label=gettext_lazy("Agency"), empty_label=gettext_lazy("Choose an agency")
    )
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "CSV or Excel (.xlsx), at most 20 MB. Nothing is changed before you have seen the preview."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty."),
            "invalid": gettext_lazy("Choose a file."),
        },
    )
    create_units = forms.BooleanField(
        label=gettext_lazy("Make units that the file names and the agency does not have yet"), required=False
    )

    def __init__(self, *args: Any, agencies: QuerySet[Agency], kind: RosterImport.Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: forms.ModelChoiceField[Agency] = self.fields["agency"]  # type: ignore[assignment]
        field.queryset = agencies
        only = list(agencies[:2])
        if len(only) == 1:
            field.initial, field.widget, field.required = only[0], forms.HiddenInput(), False
        if kind == RosterImport.Kind.UNITS:
            del self.fields["create_units"]

    def clean_agency(self) -> Agency:
        """With one agency in scope nothing is asked, and what was sent must be that one."""
        agency: Agency = self.cleaned_data["agency"] or self.fields["agency"].initial
        return agency

    def clean_file(self) -> files.Kept:
        """Stored already, so that the second step knows it by its hash."""
        try:
            return files.keep(self.cleaned_data["file"])
        except files.FileRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        except OSError as error:
            raise forms.ValidationError(_("The file cannot be stored now. Please try again later.")) from error


def agencies_of(officer: Officer) -> QuerySet[Agency]:
    """Those the officer oversees whole, from the root: a file of an agency concerns all of it."""
    return Agency.objects.filter(pk__in=officer.units().filter(depth=1).values("agency")).order_by("name")


def _job(officer: Officer, pk: int) -> RosterImport:
    jobs_in_scope = RosterImport.objects.filter(agency__in=agencies_of(officer))
    job: RosterImport = get_object_or_404(jobs_in_scope.select_related("agency", "by"), pk=pk)
    return job


@for_hr
def people(officer: Officer) -> HttpResponseBase:
    return _imports(officer, RosterImport.Kind.PEOPLE)


@for_hr
def units(officer: Officer) -> HttpResponseBase:
    return _imports(officer, RosterImport.Kind.UNITS)


def _imports(officer: Officer, kind: RosterImport.Kind) -> HttpResponseBase:
    """The imports of this kind, and the form for the next; a sent form leads to its job."""
    request, agencies = officer.request, agencies_of(officer)
    sent = request.method == "POST"
    form = UploadForm(request.POST if sent else None, request.FILES if sent else None, agencies=agencies, kind=kind)
    if sent and agencies and form.is_valid():
        job = jobs.hand_in(
            form.cleaned_data["file"],
            agency=form.cleaned_data["agency"],
            kind=kind,
            create_units=form.cleaned_data.get("create_units", False),
            by=officer.person,
            at=officer.at,
        )
        return redirect("import_job", pk=job.pk)
    rows = RosterImport.objects.filter(agency__in=agencies, kind=kind).select_related("agency", "by")
    context = {
        "form": form if agencies else None,
        "kind": kind,
        "tabs": import_pages.tabs(kind),
        "samples": import_pages.sample_links(kind),
        "columns": import_pages.columns_of(kind),
        "jobs": [import_pages.row(job, several=len(agencies) > 1) for job in rows[:LINES_SHOWN]],
        "crumbs": import_pages.crumbs(),
    }
    return render(request, "people/imports/list.html", context, status=422 if sent else 200)


@for_role(Role.Kind.HR, "GET")
def sample_of_people(officer: Officer, word: str) -> HttpResponseBase:
    return _sample(RosterImport.Kind.PEOPLE, "contoh-pegawai", word)


@for_role(Role.Kind.HR, "GET")
def sample_of_units(officer: Officer, word: str) -> HttpResponseBase:
    return _sample(RosterImport.Kind.UNITS, "contoh-unit", word)


def _sample(kind: RosterImport.Kind, stem: str, word: str) -> HttpResponseBase:
    """A small file to fill in, with made-up people or units."""
    if word not in files.ENDINGS:
        raise Http404
    out = io.BytesIO()
    headings, rows = import_pages.sample_table(kind)
    table_into(out, word, headings, rows)
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=f"{stem}.{word}")


@for_role(Role.Kind.HR, "GET")
def job(officer: Officer, pk: int) -> HttpResponseBase:
    return _show(officer.request, _job(officer, pk))


def _show(request: HttpRequest, row: RosterImport, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "people/imports/job.html", import_pages.job_context(row) | more, status=status)


@for_role(Role.Kind.HR, "POST")
def columns(officer: Officer, pk: int) -> HttpResponseBase:
    """Which column is which: every required field once, no field twice."""
    row = _job(officer, pk)
    chosen = {heading: officer.request.POST.get(f"heading-{index}", "") for index, heading in enumerate(row.headings)}
    problem = import_pages.problem_of_mapping(chosen)
    if problem and row.state == RosterImport.State.MAPPING:
        return _show(
            officer.request, row, status=422, mapping=import_pages.mapping(row, chosen), mapping_problem=problem
        )
    return _after(officer, row, lambda: jobs.choose_columns(row, mapping={k: v for k, v in chosen.items() if v}))


@for_role(Role.Kind.HR, "POST")
def confirm(officer: Officer, pk: int) -> HttpResponseBase:
    row = _job(officer, pk)
    gone = officer.request.POST.get("gone", "keep")
    if gone not in {"keep", "deactivate"}:
        return _show(officer.request, row, status=422, gone_problem=_("Choose what happens to those who are missing."))
    return _after(officer, row, lambda: jobs.confirm(row, deactivate_gone=gone == "deactivate", by=officer.person))


@for_role(Role.Kind.HR, "POST")
def discard(officer: Officer, pk: int) -> HttpResponseBase:
    row = _job(officer, pk)
    return _after(officer, row, lambda: jobs.discard(row))


def _after(officer: Officer, row: RosterImport, action: Any) -> HttpResponseBase:
    """Do it and show the job; where it stands differently meanwhile, that is said."""
    try:
        action()
    except jobs.StandsDifferently as refusal:
        messages.warning(officer.request, str(refusal))
    return redirect("import_job", pk=row.pk)


@for_hr
def undo(officer: Officer, pk: int) -> HttpResponseBase:
    """Asks first. What was built on the import meanwhile keeps it applied; its page says so."""
    row = _job(officer, pk)
    if officer.request.method == "POST":
        return _after(officer, row, lambda: jobs.undo(row, by=officer.person))
    if row.state != RosterImport.State.APPLIED:
        return redirect("import_job", pk=row.pk)
    context = {
        "job": row,
        "summary": import_pages.undo_summary(row),
        "crumbs": import_pages.crumbs(row, last=_("Undo")),
    }
    return render(officer.request, "people/imports/undo.html", context)


@for_role(Role.Kind.HR, "GET")
def refused_rows(officer: Officer, pk: int) -> HttpResponseBase:
    """The rows to correct, in the form of the file that was handed in."""
    row = _job(officer, pk)
    path = files.refused_path_of(row)
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    stem = row.file_name.rsplit(".", 1)[0]
    return FileResponse(file, as_attachment=True, filename=f"{stem}-ditolak{path.suffix}")
