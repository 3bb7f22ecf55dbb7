"""What the pages of imports show: states, figures, samples and refusals as plain lists of texts and addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from academy.people.models import RosterImport
from academy.people.roster import files, headings
from academy.people.roster.headings import FIELDS, REQUIRED

Cell = dict[str, Any]
Kind = RosterImport.Kind
State = RosterImport.State
REFRESH_SECONDS = 3
MARKS = {
    State.WAITING: "waiting",
    State.MAPPING: "here",
    State.REFUSED: "revoked",
    State.PREVIEW: "here",
    State.CONFIRMED: "waiting",
    State.APPLIED: "done",
    State.CANCELLED: "todo",
    State.UNDOING: "waiting",
    State.UNDONE: "todo",
}
STEPS = {
    State.WAITING: gettext_lazy("The file is being checked"),
    State.CONFIRMED: gettext_lazy("The import is being applied"),
    State.UNDOING: gettext_lazy("The import is being undone"),
}
FIGURES = {
    "new": gettext_lazy("New"),
    "changed": gettext_lazy("Changed"),
    "moved": gettext_lazy("Moved"),
    "gone": gettext_lazy("Gone"),
    "unchanged": gettext_lazy("Unchanged"),
    "refused": gettext_lazy("Refused"),
}
OF_UNITS = ("new", "unchanged", "refused")


def grouped(number: int) -> str:
    return number_format(number, use_l10n=True, force_grouping=True)


def tabs(kind: Kind) -> list[Cell]:
    return [
        {"url": reverse("import_people"), "label": _("People"), "current": kind == Kind.PEOPLE},
        {"url": reverse("import_units"), "label": _("Units"), "current": kind == Kind.UNITS},
    ]


def crumbs(job: RosterImport | None = None, *, last: str = "") -> list[Cell]:
    way = [{"label": _("Report"), "url": "/laporan/"}, {"label": _("People"), "url": "/laporan/pegawai/"}]
    if job is None:
        return [*way, {"label": _("Import")}]
    way.append({"label": _("Import"), "url": reverse(_list_of(job))})
    if last:
        return [*way, {"label": job.file_name, "url": reverse("import_job", args=[job.pk])}, {"label": last}]
    return [*way, {"label": job.file_name}]


def _list_of(job: RosterImport) -> str:
    return "import_units" if job.kind == Kind.UNITS else "import_people"


def row(job: RosterImport, *, several: bool) -> Cell:
    """One line of the list."""
    return {
        "job": job,
        "url": reverse("import_job", args=[job.pk]),
        "agency": job.agency.name if several else "",
        "mark": MARKS[State(job.state)],
        "result": summary(job) if job.state in {State.PREVIEW, State.APPLIED} else "",
    }


def summary(job: RosterImport) -> str:
    """Such as: 12 new · 3 changed · 1 refused; only what there is."""
    names = OF_UNITS if job.kind == Kind.UNITS else tuple(FIGURES)
    parts = [f"{grouped(job.counts[name])} {str(FIGURES[name]).lower()}" for name in names if job.counts.get(name)]
    return " · ".join(parts) or _("an empty file")


def job_context(job: RosterImport) -> Cell:
    """Everything job.html shows; what does not belong to the state is empty."""
    state = State(job.state)
    figured = state in {State.PREVIEW, State.CONFIRMED, State.APPLIED, State.UNDOING, State.UNDONE}
    return {
        "job": job,
        "crumbs": crumbs(job),
        "mark": MARKS[state],
        "refresh": REFRESH_SECONDS if state in STEPS else 0,
        "step": STEPS.get(state, ""),
        "figures": figures(job) if figured and job.counts else [],
        "samples": sample_tables(job) if state == State.PREVIEW else [],
        "refusals": refusal_table(job, "refusals") if state in {State.PREVIEW, State.APPLIED} else None,
        "warnings": refusal_table(job, "warnings") if state == State.PREVIEW else None,
        "refused_url": reverse("import_refused_rows", args=[job.pk]) if files.refused_path_of(job).is_file() else "",
        "mapping": mapping(job, {}) if state == State.MAPPING else None,
        "gone": _gone(job) if state == State.PREVIEW else "",
        "can_confirm": state == State.PREVIEW
        and any(job.counts.get(name) for name in ("new", "changed", "moved", "gone")),
        "can_discard": state in {State.WAITING, State.MAPPING, State.PREVIEW},
        "can_undo": state == State.APPLIED,
        "again_url": reverse(_list_of(job)),
    }


def figures(job: RosterImport) -> list[Cell]:
    names = OF_UNITS if job.kind == Kind.UNITS else tuple(FIGURES)
    anchors = {name for name in job.samples if job.samples[name]} if job.state == State.PREVIEW else set()
    shown = []
    for name in names:
        count = job.counts.get(name, 0)
        figure: Cell = {"label": FIGURES[name], "value": grouped(count), "alert": name == "refused" and count > 0}
        if name in anchors and count:
            figure["url"] = f"#{name}"
        elif (
            name == "refused" and count and job.samples.get("refusals") and job.state in {State.PREVIEW, State.APPLIED}
        ):
            figure["url"] = "#refusals"
        if name == "gone" and count and job.state in {State.CONFIRMED, State.APPLIED}:
            figure["note"] = _("made inactive") if job.deactivate_gone else _("left as they are")
        shown.append(figure)
    return shown


def sample_tables(job: RosterImport) -> list[Cell]:
    """A few lines of each kind, for _samples.html."""
    tables = []
    of_units = job.kind == Kind.UNITS
    for name, title in FIGURES.items():
        lines = job.samples.get(name) or []
        if not lines:
            continue
        if of_units:
            lines = [line | {"after": line["after"] or job.agency.name} for line in lines]
        total = job.counts.get(name, 0)
        note = _("%(shown)s of %(total)s are shown.") % {"shown": grouped(len(lines)), "total": grouped(total)}
        tables.append(
            {
                "id": name,
                "title": title,
                "lines": lines,
                "of_units": of_units,
                "before": any(line["before"] for line in lines),
                "after": any(line["after"] for line in lines),
                "note": note if total > len(lines) else "",
            }
        )
    return tables


def refusal_table(job: RosterImport, name: str) -> Cell | None:
    """The first refusals (or warnings), for _refusals.html; nothing if there are none."""
    lines = job.samples.get(name) or []
    if not lines:
        return None
    total = job.samples.get(f"{name}_total", len(lines))
    shown = {"shown": grouped(len(lines)), "total": grouped(total)}
    note = ""
    if total > len(lines) and name == "refusals":
        note = _("The first %(shown)s of %(total)s are shown; the file of refused rows holds all.") % shown
    elif total > len(lines):
        note = _("The first %(shown)s of %(total)s are shown.") % shown
    return {"lines": lines, "note": note}


def _gone(job: RosterImport) -> str:
    """The question about those who are missing from the file; empty if nobody is."""
    count = job.counts.get("gone", 0)
    if not count:
        return ""
    return ngettext(
        "%(count)s person of the agency is missing from the file.",
        "%(count)s people of the agency are missing from the file.",
        count,
    ) % {"count": grouped(count)}


def mapping(job: RosterImport, chosen: Mapping[str, str]) -> list[Cell]:
    """A select for each heading of the file; what was chosen before, or what the heading is known to mean."""
    rows = []
    for index, heading in enumerate(job.headings):
        value = chosen.get(heading, job.mapping.get(heading, headings.FIELD_OF.get(headings.key(heading), "")))
        options = [{"value": "", "label": _("Leave out")}]
        options += [
            {
                "value": name,
                "label": f"{label} ({_('required')})" if name in REQUIRED else str(label),
                "selected": name == value,
            }
            for name, label in FIELDS.items()
        ]
        rows.append({"id": f"heading-{index}", "label": heading or _("(no heading)"), "options": options})
    return rows


def problem_of_mapping(chosen: Mapping[str, str]) -> str:
    """Why these choices do not do; empty if they do."""
    fields = [field for field in chosen.values() if field]
    unknown = [field for field in fields if field not in FIELDS]
    if unknown:
        return _("Choose from the list.")
    twice = next((field for field in fields if fields.count(field) > 1), None)
    if twice:
        return _('Two columns stand for "%(field)s". Choose one of them.') % {"field": FIELDS[twice]}
    missing = [str(FIELDS[field]) for field in REQUIRED if field not in fields]
    if missing:
        return _("Still missing: %(fields)s.") % {"fields": ", ".join(missing)}
    return ""


def undo_summary(job: RosterImport) -> list[str]:
    """What undoing means, in sentences."""
    counts = job.counts
    if job.kind == Kind.UNITS:
        return [
            ngettext("%(count)s new unit is deleted.", "%(count)s new units are deleted.", counts.get("new", 0))
            % {"count": grouped(counts.get("new", 0))}
        ]
    sentences = []
    if counts.get("new"):
        sentences.append(
            ngettext("%(count)s new person is deleted.", "%(count)s new people are deleted.", counts["new"])
            % {"count": grouped(counts["new"])}
        )
    changed = counts.get("changed", 0) + counts.get("moved", 0)
    if changed:
        sentences.append(
            ngettext(
                "%(count)s person gets back the former data.", "%(count)s people get back their former data.", changed
            )
            % {"count": grouped(changed)}
        )
    if counts.get("gone") and job.deactivate_gone:
        sentences.append(
            ngettext("%(count)s person is active again.", "%(count)s people are active again.", counts["gone"])
            % {"count": grouped(counts["gone"])}
        )
    return sentences


def columns_of(kind: Kind) -> str:
    """Which columns the file may have, in one sentence."""
    if kind == Kind.UNITS:
        return _(
            "Unit Kerja is required. Where a unit hangs say Induk (the parent's name), Kode and Kode Induk, "
            "or Perangkat Daerah; without them it hangs directly below the agency."
        )
    return _(
        "NIP, Nama and Unit Kerja are required; Gelar Depan, Gelar Belakang, Golongan, Jabatan, Perangkat Daerah, Email "
        "and Kedudukan are read too. A table from SIASN is understood as it is."
    )


def sample_links(kind: Kind) -> list[Cell]:
    return [
        {"url": reverse(f"import_{kind.value}_sample", args=[word]), "label": label}
        for word, label in (("xlsx", _("Sample file (Excel)")), ("csv", _("Sample file (CSV)")))
    ]


def sample_table(kind: Kind) -> tuple[list[str], list[list[str]]]:
    """Made-up people and units."""
    if kind == Kind.UNITS:
        return ["Unit Kerja", "Induk"], [
            ["Dinas Komunikasi dan Informatika", ""],
            ["Bidang Aplikasi Informatika", "Dinas Komunikasi dan Informatika"],
            ["Seksi Keamanan Informasi", "Bidang Aplikasi Informatika"],
        ]
    columns = [
        "NIP", "Nama", "Gelar Depan", "Gelar Belakang", "Golongan", "Jabatan", "Unit Kerja", "Perangkat Daerah", "Email",
        "Kedudukan",
    ]  # fmt: skip
    department = "Dinas Komunikasi dan Informatika"
    return columns, [
        [
            "199407122020122001", "Maria Contoh", "", "S.Kom.", "III/a", "Pranata Komputer Ahli Pertama",
            "Bidang Aplikasi Informatika", department, "maria@contoh.test", "Aktif",
        ],
        [
            "198609262015051001", "Yosef Contoh", "Drs.", "M.Si.", "IV/a", "Kepala Bidang", department, department, "",
            "Aktif",
        ],
    ]  # fmt: skip
