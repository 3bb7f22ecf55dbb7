"""People in the CMS: whoever manages the CMS may change access, never make a person vanish."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from wagtail.users.forms import UserCreationForm, UserEditForm
from wagtail.users.views.users import IndexView, UserViewSet

from academy.people.models import Person

FIELDS = ["name", "email", "is_superuser", "groups"]


class NamesOfOurs(forms.ModelForm):  # type: ignore[type-arg]  # Django itself takes no argument
    """Wagtail's forms expect a first and a last name; an official has one name, and an e-mail address may be missing."""

    def clean_email(self) -> str | None:
        email: str = self.cleaned_data.get("email") or ""
        if not email and not self.instance.nip:
            raise forms.ValidationError(_("A person needs an e-mail address or a NIP."))
        same = Person.objects.filter(email__iexact=email).exclude(pk=self.instance.pk)
        if email and same.exists():
            raise forms.ValidationError(_("Somebody else has this e-mail address."))
        return email or None


class PersonEditForm(NamesOfOurs, UserEditForm):
    first_name = None
    last_name = None
    email = forms.EmailField(required=False)

    class Meta(UserEditForm.Meta):
        fields = [*FIELDS, "is_active"]


class PersonCreationForm(NamesOfOurs, UserCreationForm):
    first_name = None
    last_name = None

    class Meta(UserCreationForm.Meta):
        fields = FIELDS


class PersonIndexView(IndexView):
    search_fields = ["name", "email", "nip"]
    default_ordering = "name"

    def order_queryset(self, queryset: Any) -> Any:
        descending = str(self.ordering).startswith("-")
        if str(self.ordering).lstrip("-") == "name":
            return queryset.order_by("-name" if descending else "name")
        return super().order_queryset(queryset)


class PersonViewSet(UserViewSet):
    ordering = "name"
    index_view_class = PersonIndexView
    create_template_name = "people/cms/create.html"
    edit_template_name = "people/cms/edit.html"

    def get_form_class(self, for_update: bool = False) -> type[forms.ModelForm[Person]]:
        return PersonEditForm if for_update else PersonCreationForm
