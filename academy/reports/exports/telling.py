"""The message to whoever asked, when the file is there or will not come."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from academy.notifications.messages import send_once
from academy.pages.templatetags.formats import grouped
from academy.reports.models import KEEP_FOR, Export
from academy.reports.registry import REPORTS


def tell(export: Export, *, at: datetime) -> None:
    """Owe the message; once for each export, in the language it was asked in."""
    with override(export.language):
        known = {
            "name": export.by.full_name,
            "report": REPORTS[export.report].title,
            "address": settings.SITE_URL + reverse("report_export", args=[export.pk]),
        }
        if export.ready_at:
            subject = _("The report you asked for is ready")
            body = _(
                "Hello %(name)s,\n\nThe report “%(report)s” with %(rows)s lines is ready to download:\n"
                "%(address)s\n\nIt is deleted after %(days)d days.\n"
            ) % (known | {"rows": grouped(export.rows), "days": KEEP_FOR.days})
        else:
            subject = _("The report you asked for could not be made")
            body = _(
                "Hello %(name)s,\n\nThe report “%(report)s” could not be made: %(problem)s\nYou can ask for it again:\n"
                "%(address)s\n"
            ) % (known | {"problem": export.get_problem_display()})
        send_once(export.by, key=f"report-export:{export.pk}", subject=subject, body=body, at=at)
