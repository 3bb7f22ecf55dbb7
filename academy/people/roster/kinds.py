"""The two kinds of import behind one door: people and units. Chosen by the job, so that jobs and pages need not know.

What reads people is imported where it runs: web workers load this module, and not what counts in columns.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from academy.people.models import RosterImport
from academy.people.roster import files
from academy.people.roster.outcome import Options, Outcome, RosterRefused
from academy.people.roster.undoing import undo_import
from academy.people.roster.unit_files import write_refused_units
from academy.people.roster.unit_importing import import_units, undo_units


def run(job: RosterImport, *, at: datetime, dry_run: bool, progress: Callable[[int], None] | None = None) -> Outcome:
    """What the file would do or, without `dry_run`, did. RosterRefused refuses it whole."""
    if not files.path_of(job).is_file():
        raise RosterRefused(_("The file is no longer there. Please upload it again."))
    if job.kind == RosterImport.Kind.UNITS:
        return import_units(
            files.path_of(job),
            agency=job.agency,
            by=job.by,
            at=at,
            dry_run=dry_run,
            job=None if dry_run else job,
            progress=progress,
        )
    from academy.people.roster.importing import import_roster

    return import_roster(
        files.path_of(job),
        agency=job.agency,
        options=_options(job),
        by=job.by,
        at=at,
        dry_run=dry_run,
        job=None if dry_run else job,
        progress=progress,
    )


def keep_refused(job: RosterImport, outcome: Outcome) -> None:
    """Lay the refused rows beside the file, to be corrected and loaded again; none leaves no file."""
    target = files.refused_path_of(job)
    if not outcome.refused:
        target.unlink(missing_ok=True)
    elif job.kind == RosterImport.Kind.UNITS:
        write_refused_units(files.path_of(job), outcome, target)
    else:
        from academy.people.roster.importing import write_refused

        write_refused(files.path_of(job), outcome, _options(job), target)


def undo(job: RosterImport, *, at: datetime) -> int:
    """Take the import back; CannotUndo says what was built on it. A repeat does nothing."""
    if job.kind == RosterImport.Kind.UNITS:
        return undo_units(job, at=at)
    return undo_import(job, at=at)


def _options(job: RosterImport) -> Options:
    return Options(create_units=job.create_units, deactivate_gone=job.deactivate_gone, mapping=job.mapping)
