"""What a learner gave to be printed on certificates whose template asks for it, and may take back."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class HolderDetails(models.Model):
    """Photo and birth data, each optional. Copied into a certificate's facts at issue, and shown to nobody else."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    photo = models.BinaryField(null=True, blank=True)
    birth_place = models.CharField(max_length=80, blank=True)
    born_on = models.DateField(null=True, blank=True)
    changed_at = models.DateTimeField()
