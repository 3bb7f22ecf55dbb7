"""Telling people that somebody made a new activation code for their account, in case they did not ask for it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from academy.notifications.messages import send_once
from academy.notifications.models import Message
from academy.people.models import ActivationCode


def owe_notices(*, at: datetime) -> int:
    """Owe a message for every code in force that replaces a password, once per code; how many were new."""
    codes = ActivationCode.objects.filter(replaces_password=True, expires_at__gt=at, person__email__isnull=False)
    keys = {code: f"code:{code.made_at.isoformat()}" for code in codes.select_related("person", "made_by")}
    if not keys:
        return 0
    told = set(Message.objects.filter(key__in=keys.values()).values_list("person", "key"))
    owed = {code: key for code, key in keys.items() if (code.person_id, key) not in told}
    with translation.override(settings.LANGUAGE_CODE):
        for code, key in owed.items():
            send_once(
                code.person, key=key, subject=_("A new activation code for your account"), body=_body(code), at=at
            )
    return len(owed)


def _body(code: ActivationCode) -> str:
    return _(
        "On %(day)s %(officer)s made a new activation code for your account, with which a new password can be set.\n"
        "Your present password counts until the code is used.\n\n"
        "If you did not ask for it, tell your personnel unit at once: somebody may want to sign in as you.\n"
    ) % {"day": date_format(localtime(code.made_at), "j F Y"), "officer": code.made_by.full_name}
