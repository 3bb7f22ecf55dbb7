"""Every report counted again from bare rows in plain Python, after whatever history.

Nothing here reads a column that repeats another: it goes by runs, completions, certificates and where people work. It is
slow and says so little that it can be checked by reading.
"""

from __future__ import annotations

from collections.abc import Callable

from academy.reports.registry import Question
from tests.reports.recounts import assigned, certificates, completion, figures, hours, lists
from tests.reports.recounts.academy import Academy, Values

# By the name of the report. A new report is counted again here, or its numbers are believed by nobody.
RECOUNTED: dict[str, Callable[[Academy, Question], list[Values]]] = {
    "unit": completion.by_unit,
    "pelatihan": completion.by_course,
    "unit-pelatihan": completion.by_unit_and_course,
    "pegawai": lists.people,
    "peserta": lists.participants,
    "penyelesaian": lists.events,
    "matriks": lists.crosswise,
    "jp-unit": hours.by_unit,
    "jp": hours.by_person,
    "penugasan-unit": assigned.by_unit,
    "penugasan": assigned.by_person,
    "sertifikat-pelatihan": certificates.by_course,
    "sertifikat": certificates.by_person,
    "tren": figures.by_month,
    "instansi": figures.by_agency,
    "bukti-dukung": figures.annex,
}
