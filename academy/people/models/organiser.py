"""A work unit that runs courses and signs certificates."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from academy.people.models.agency import WorkUnit


class Organiser(models.Model):  # type: ignore[django-manager-missing]  # modelcluster has no type hints
    """For example BPSDMD NTT. What is printed on a certificate stands here, ready to be frozen at issue."""

    code = models.CharField(_("code"), max_length=32, unique=True)
    unit = models.OneToOneField(WorkUnit, on_delete=models.PROTECT, related_name="organiser")
    government_name = models.CharField(_("government, as printed"), max_length=200)
    name = models.CharField(_("name, as printed"), max_length=200)
    short_name = models.CharField(_("short name"), max_length=80)
    city = models.CharField(_("place of issue"), max_length=80)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Makassar")
    number_format = models.CharField(
        _("number format"), max_length=80, default="{sequence:04}/{code}/{month_roman}/{year}"
    )
    signatory_name = models.CharField(_("signatory"), max_length=200)
    signatory_nip = models.CharField(_("signatory's NIP"), max_length=18, blank=True)
    signatory_position = models.CharField(_("signatory's position"), max_length=200)

    class Meta:
        verbose_name = _("organiser")
        verbose_name_plural = _("organisers")

    def __str__(self) -> str:
        return self.short_name
