"""The pages of the CMS for packages: take a course away, look at a package that was handed in, load it.

A package that was looked at lies below PACKAGES_ROOT under its sum for a day, until it is loaded.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.log_actions import log

from academy.people.models import Organiser, Person
from academy.whole_files import appearing
from courses.models import Course, CoursePage
from courses.package_guard import MOST_BYTES, PackageRefused
from courses.package_import import Changes, Package, import_package, preview, read_package
from courses.packaging import CannotExport, export_course
from courses.trainers import WRITERS, organisers_of, own_rows

KEEP_FOR = timedelta(days=1)
MOST_IN_A_REQUEST = 400  # pages and questions: a few seconds
SALT = "courses.package"


class PackageForm(forms.Form):
    package = forms.FileField(
        label=gettext_lazy("Package (ZIP)"),
        help_text=gettext_lazy("As another academy exported it. You see what would change before anything is written."),
        widget=forms.FileInput(attrs={"accept": ".zip"}),
    )
    organiser = forms.ModelChoiceField(
        queryset=Organiser.objects.none(),
        label=gettext_lazy("Organiser"),
        help_text=gettext_lazy("Who will run the course here."),
        empty_label=None,
    )

    def __init__(self, *args: Any, own: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organiser"].queryset = own  # type: ignore[attr-defined]

    def clean_package(self) -> UploadedFile[Any]:
        upload: UploadedFile[Any] = self.cleaned_data["package"]
        if (upload.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The package is larger than %(most)d MB.") % {"most": MOST_BYTES // 2**20})
        return upload


@require_safe
def export_course_view(request: HttpRequest, course_id: int) -> HttpResponse:
    """The package of a course: with the keys of its questions, hence for its writers only."""
    person, own = _writer(request)
    courses = own_rows(Course, person, at=timezone.now())
    course: Course = get_object_or_404(courses, pk=course_id)
    if not own.filter(pk=course.organiser_id).exists():
        raise PermissionDenied
    try:
        package = export_course(course)
    except CannotExport as refusal:
        messages.error(request, str(refusal))
        return redirect("wagtailsnippets_courses_course:list")
    log(course.page, "courses.exported", user=person)
    response = HttpResponse(package, content_type="application/zip")
    response.headers["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=f"{course.key}.zip"
    )
    add_never_cache_headers(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def import_course_view(request: HttpRequest) -> HttpResponse:
    """Hand in a package, look at what it would change, then load it: the last two are told apart by the token."""
    person, own = _writer(request)
    if not own.exists():
        raise PermissionDenied
    if request.method == "POST" and "token" in request.POST:
        return _load(request, person, own)
    form = PackageForm(*((request.POST, request.FILES) if request.method == "POST" else ()), own=own)
    if request.method == "POST" and form.is_valid():
        organiser = form.cleaned_data["organiser"]
        try:
            sum_ = keep(form.cleaned_data["package"], at=timezone.now())
            with _opened(sum_) as package:
                changes = preview(package, organiser)
        except PackageRefused as refusal:
            form.add_error("package", str(refusal))
        else:
            token = signing.dumps([sum_, organiser.pk, person.pk], salt=SALT)
            return _page(request, form, changes=changes, token=token, organiser=organiser)
    return _page(request, form, status=422 if form.errors else 200)


def _load(request: HttpRequest, person: Person, own: Any) -> HttpResponse:
    try:
        sum_, organiser_id, person_id = signing.loads(request.POST["token"], salt=SALT, max_age=KEEP_FOR)
    except signing.BadSignature:
        messages.error(request, _("This package was looked at too long ago. Choose it again."))
        return redirect("import_course")
    organiser = get_object_or_404(own, pk=organiser_id)
    if person_id != person.pk:
        raise PermissionDenied
    try:
        with _opened(sum_) as package:
            changes = import_package(package, organiser, by=person)
    except PackageRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("import_course")
    messages.success(
        request,
        _("“%(title)s” is loaded, %(count)d changes. Learners get it after an edition is proposed and approved.")
        % {"title": changes.title, "count": len(changes.written)},
    )
    page = CoursePage.objects.filter(course=changes.course).first()
    return redirect("publish_edition", page.pk) if page else redirect("import_course")


def keep(upload: UploadedFile[Any], *, at: datetime) -> str:
    """Store the upload until it is loaded; its sum. What was left behind long ago goes."""
    clear_leftovers(at)
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    with appearing(_path(digest.hexdigest())) as unfinished, unfinished.open("wb") as file:
        file.writelines(upload.chunks())
    return digest.hexdigest()


def clear_leftovers(at: datetime) -> None:
    """Other requests may be at the same: what is gone meanwhile is gone."""
    root = Path(settings.PACKAGES_ROOT)
    for path in root.iterdir() if root.is_dir() else ():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < (at - KEEP_FOR).timestamp():
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def _path(sum_: str) -> Path:
    return Path(settings.PACKAGES_ROOT) / f"{sum_}.zip"


@contextmanager
def _opened(sum_: str) -> Iterator[Package]:
    if not _path(sum_).exists():
        raise PackageRefused(_("This package was looked at too long ago. Choose it again."))
    with read_package(_path(sum_)) as package:
        if package.size > MOST_IN_A_REQUEST:
            raise PackageRefused(
                _("This package is too large for the browser. The operator loads it with “manage.py import_course”.")
            )
        yield package


def _writer(request: HttpRequest) -> tuple[Person, Any]:
    person = request.user
    if not isinstance(person, Person):
        raise PermissionDenied
    return person, organisers_of(person, at=timezone.now(), kinds=WRITERS)


def _page(
    request: HttpRequest,
    form: PackageForm,
    *,
    status: int = 200,
    changes: Changes | None = None,
    token: str = "",
    organiser: Organiser | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "changes": changes,
        "token": token,
        "organiser": organiser,
        "list_url": reverse("wagtailsnippets_courses_course:list"),
        "page_title": _("Import a package"),
        "page_subtitle": changes.title if changes else "",
        "header_icon": "upload",
    }
    return TemplateResponse(request, "courses/cms/import_course.html", context, status=status)
