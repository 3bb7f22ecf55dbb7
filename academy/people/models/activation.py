"""A one-time code with which a person sets a password without knowing one: HR hands it over on paper."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from academy.people.models.person import Person


class ActivationCode(models.Model):
    """The newest code of a person; only its hash is kept. A new one replaces the former."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="activation_code")
    code_hash = models.CharField(max_length=64)
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("valid until"))
    replaces_password = models.BooleanField(_("made for somebody who has a password"), default=False)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("activation code")
        verbose_name_plural = _("activation codes")
