"""Public parts of the keys that signed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SigningKey(models.Model):
    """The public part of a key that signed, kept for good: what it signed must stay verifiable. Never the secret.

    `public` is the certificate and the ones above it as PEM, or an Ed25519 key as multibase, which has no end of its
    own. `state` only moves forward, see `key_register`.
    """

    class Purpose(models.TextChoices):
        DOCUMENT = "document", _("signs certificates")
        CREDENTIAL = "credential", _("signs credentials")

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        RETIRED = "retired", _("retired")
        COMPROMISED = "compromised", _("compromised")

    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the certificate or the key, hex.")
    purpose = models.CharField(max_length=12, choices=Purpose)
    algorithm = models.CharField(max_length=40)
    public = models.TextField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.ACTIVE)
    state_changed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.fingerprint[:16]
