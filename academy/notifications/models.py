"""Messages owed and sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Message(models.Model):
    """A message to a person. `key` names the occasion: the same occasion makes one message, however often asked."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="message_once_per_occasion")]
