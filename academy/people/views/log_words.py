"""What the logs say, in words: names of fields, days and moments as people write them, rows by their names."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from academy.people.models import Agency, ChangeLog, Role, RosterImport, WorkUnit
from academy.people.operator_forms import ZONES

Part = dict[str, str]  # label, before, after; any of them may be empty
Names = dict[tuple[str, str], str]  # by field and code or number
LONGEST = 300
# Of a person: as HR's form calls them too.
FIELDS = {
    "name": gettext_lazy("Name"),
    "title_before": gettext_lazy("Titles before the name"),
    "title_after": gettext_lazy("Titles after the name"),
    "nip": gettext_lazy("NIP"),
    "email": gettext_lazy("E-mail"),
    "grade": gettext_lazy("Golongan"),
    "position": gettext_lazy("Position"),
}
LABELS = FIELDS | {
    "agency": gettext_lazy("Code of the agency"),
    "agencies": gettext_lazy("Agencies"),
    "angkatan": gettext_lazy("Run"),
    "below": gettext_lazy("Below"),
    "changed": pgettext_lazy("log", "Changed"),
    "count": pgettext_lazy("log", "Number"),
    "course": gettext_lazy("Course"),
    "due_on": gettext_lazy("To be finished by"),
    "edisi": gettext_lazy("Edition"),
    "format": pgettext_lazy("log", "File format"),
    "from_at": pgettext_lazy("role", "From"),
    "from_on": pgettext_lazy("log", "From the day"),
    "gone": pgettext_lazy("log", "Gone"),
    "group_name": gettext_lazy("Group of agencies"),
    "into": gettext_lazy("Into"),
    "keadaan": gettext_lazy("State"),
    "kind": gettext_lazy("Kind"),
    "langsung": gettext_lazy("Without units below"),
    "left": pgettext_lazy("log", "Left the course"),
    "moved": pgettext_lazy("log", "Moved"),
    "new": pgettext_lazy("log", "New"),
    "new_units": pgettext_lazy("log", "New units"),
    "pelatihan": gettext_lazy("Course"),
    "people": gettext_lazy("People"),
    "planned": pgettext_lazy("log", "Planned"),
    "q": gettext_lazy("Search"),
    "read": pgettext_lazy("log", "Rows read"),
    "refused": pgettext_lazy("log", "Refused"),
    "report": gettext_lazy("Report"),
    "roles": gettext_lazy("Roles"),
    "rows": gettext_lazy("Rows"),
    "sha256": gettext_lazy("Checksum SHA-256"),
    "siasn_id": gettext_lazy("SIASN id"),
    "status": gettext_lazy("Account"),
    "tahun": gettext_lazy("Year"),
    "time_zone": gettext_lazy("Time zone"),
    "to_agency": gettext_lazy("To"),
    "unchanged": pgettext_lazy("log", "Unchanged"),
    "unit": gettext_lazy("Work unit"),
    "unit_name": gettext_lazy("Work unit"),
    "units": gettext_lazy("Units below"),
    "until_at": pgettext_lazy("role", "Until"),
}
# What the action says already, and numbers of rows whose names stand beside them.
UNSAID = {"assignment", "group", "had_password", "import", "into_unit", "role", "taken_back", "transfer", "withdrawn"}
KINDS = dict([*Role.Kind.choices, *Agency.Kind.choices, *RosterImport.Kind.choices])


def in_words(lines: Iterable[Any]) -> list[dict[str, Any]]:
    """For each line of a log {line, what, parts}; two queries at most, for the names of agencies and units."""
    rows = list(lines)
    names = _names([row.detail for row in rows])
    return [{"line": row, "what": what_was_done(row), "parts": _parts(row.detail, names)} for row in rows]


def in_one_line(parts: Iterable[Part]) -> str:
    texts = (
        (f"{part['label']}: " if part["label"] else "") + " → ".join(filter(None, (part["before"], part["after"])))
        for part in parts
    )
    text = " · ".join(texts) or "–"
    return text[: LONGEST - 1] + "…" if len(text) > LONGEST else text


def what_was_done(line: Any) -> str:
    """The action of the line; where one action has two sides, which."""
    if line.detail.get("withdrawn"):
        return _("Release withdrawn")
    if line.detail.get("taken_back"):
        return _("Assigned course taken back")
    if line.detail.get("had_password"):
        return _("New activation code made for somebody with a password")
    if line.action == ChangeLog.Action.PLACED and not line.detail.get("after"):
        return _("End of service")
    action: str = line.get_action_display()
    return action


def _names(details: list[dict[str, Any]]) -> Names:
    """The names of what the details mention by code or by number."""
    sides = [detail.get(side) for detail in details for side in ("before", "after")]
    codes = {code for side in sides if isinstance(side, dict) for code in side.get("agencies") or []}
    units = {detail["unit"] for detail in details if detail.get("unit")}
    agencies = Agency.objects.filter(code__in=codes).values_list("code", "name") if codes else ()
    named = WorkUnit.objects.filter(pk__in=units).values_list("pk", "name") if units else ()
    return {("agencies", code): name for code, name in agencies} | {("unit", str(pk)): name for pk, name in named}


def _parts(detail: dict[str, Any], names: Names) -> list[Part]:
    parts = _compared("", detail, names)
    for key, value in detail.items():
        if key in UNSAID or key in {"before", "after"} or value in (None, "", 0, [], {}):
            continue
        if isinstance(value, dict):
            parts += _compared(key, value, names)
        else:
            parts.append({"label": _label(key), "before": "", "after": _word(key, value, names)})
    return parts


def _compared(key: str, sides: dict[str, Any], names: Names) -> list[Part]:
    """Values before and after: of one field, or of several as a mapping on each side."""
    before, after = sides.get("before"), sides.get("after")
    if isinstance(before, dict) or isinstance(after, dict):
        before, after = before or {}, after or {}
        return [
            {
                "label": _label(field),
                "before": _word(field, before.get(field), names) or "–",
                "after": _word(field, after.get(field), names) or "–",
            }
            for field in {**before, **after}
        ]
    if not before and not after:
        return []
    return [{"label": _label(key), "before": _word(key, before, names), "after": _word(key, after, names)}]


def _label(key: str) -> str:
    return str(LABELS.get(key, key))


def _word(key: str, value: Any, names: Names) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, list):
        return ", ".join(names.get((key, one), str(one)) for one in value)
    if isinstance(value, int):
        return number_format(value, force_grouping=True)
    if key.endswith("_on"):
        return date_format(date.fromisoformat(value), "j F Y")
    if key.endswith("_at"):
        moment = timezone.localtime(datetime.fromisoformat(value))
        return f"{date_format(moment, 'j F Y, H.i')} {moment.tzname()}"
    if key == "kind":
        return str(KINDS.get(value, value))
    if key == "time_zone":
        return str(dict(ZONES).get(value, value))
    return names.get((key, value), str(value))
