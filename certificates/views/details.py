"""Where a learner gives photo and birth data to be printed on certificates that ask for them, and takes them back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from academy.people.models import Person
from certificates import holders, pictures
from certificates.models import HolderDetails

LARGEST_MB = 5
EARLIEST = date(1900, 1, 1)


class PhotoForm(forms.Form):
    photo = forms.FileField(
        label=gettext_lazy("Photo"),
        help_text=gettext_lazy("JPEG, PNG or WebP, at least 300 × 400 pixels, at most 5 MB. It is cut to 3 by 4."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty."),
            "invalid": gettext_lazy("Choose a file."),
        },
    )

    def clean_photo(self) -> pictures.Picture:
        file: UploadedFile[bytes] = self.cleaned_data["photo"]
        if (file.size or 0) > LARGEST_MB * 1024 * 1024:
            raise forms.ValidationError(_("The file is larger than %(most)d MB.") % {"most": LARGEST_MB})
        try:
            return pictures.photo(file)  # type: ignore[arg-type]  # it reads and seeks as a file does
        except pictures.NoPicture as error:
            raise forms.ValidationError(str(error)) from error


class BirthForm(forms.Form):
    birth_place = forms.CharField(
        label=gettext_lazy("Place of birth"),
        max_length=holders.LONGEST_PLACE,
        required=False,
        validators=[RegexValidator(holders.PLACE, gettext_lazy("Use letters, spaces and the signs . , - ' ( ) only."))],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    born_on = forms.DateField(
        label=gettext_lazy("Date of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "autocomplete": "bday"}, format="%Y-%m-%d"),
    )

    def clean_born_on(self) -> date | None:
        born_on: date | None = self.cleaned_data["born_on"]
        if born_on is not None and not EARLIEST <= born_on < timezone.localdate():
            raise forms.ValidationError(_("This cannot be a date of birth."))
        return born_on


@sensitive_post_parameters("birth_place", "born_on")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest) -> HttpResponse:
    """Two forms, each with a button to take back what was given; `action` says which was sent."""
    person: Person = request.user  # type: ignore[assignment]
    at = timezone.now()
    action = request.POST.get("action", "")
    photo_form = PhotoForm(request.POST, request.FILES) if action == "photo" else PhotoForm()
    kept = holders.details_of(person)
    birth_form = BirthForm(request.POST) if action == "birth" else BirthForm(initial=_as_kept(kept))
    if action == "photo" and photo_form.is_valid():
        holders.keep_photo(person, photo_form.cleaned_data["photo"], at=at)
        messages.success(request, _("The photo is kept."))
    elif action == "forget_photo":
        holders.forget_photo(person, at=at)
        messages.success(request, _("The photo is deleted. Certificates that were issued with it keep it."))
    elif action == "forget_birth":
        holders.keep_birth(person, place="", born_on=None, at=at)
        messages.success(request, _("Place and date of birth are deleted."))
    elif action == "birth" and birth_form.is_valid():
        born_on = birth_form.cleaned_data["born_on"]
        holders.keep_birth(person, place=birth_form.cleaned_data["birth_place"], born_on=born_on, at=at)
        messages.success(request, _("Place and date of birth are kept.") if any(birth_form.cleaned_data.values()) else
                         _("Place and date of birth are deleted."))  # fmt: skip
    else:
        refused = request.method == "POST"
        return _show(request, kept, photo_form, birth_form, status=422 if refused else 200)
    return redirect("holder_details")


@login_required
@require_safe
def photo(request: HttpRequest) -> HttpResponse:
    """One's own photo as it would be printed; nobody else's has an address."""
    kept = holders.details_of(request.user)  # type: ignore[arg-type]
    if kept is None or not kept.photo:
        raise Http404
    response = HttpResponse(bytes(kept.photo), content_type="image/jpeg")
    add_never_cache_headers(response)
    return response


def _show(
    request: HttpRequest, kept: HolderDetails | None, photo_form: PhotoForm, birth_form: BirthForm, *, status: int
) -> HttpResponse:
    person: Person = request.user  # type: ignore[assignment]
    of_nip = holders.born_on_of_nip(person.nip)
    differs = kept is not None and kept.born_on is not None and of_nip is not None and kept.born_on != of_nip
    context = {
        "has_photo": bool(kept and kept.photo),
        "has_birth": bool(kept and (kept.birth_place or kept.born_on)),
        "photo_form": photo_form,
        "birth_form": birth_form,
        "birth_of_nip": of_nip if differs else None,
    }
    response = render(request, "certificates/details.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _as_kept(kept: HolderDetails | None) -> dict[str, Any]:
    return {"birth_place": kept.birth_place, "born_on": kept.born_on} if kept else {}
