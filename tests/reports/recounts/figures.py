"""Months, agencies, and the annex of the dossier."""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings

from academy.reports.filters import State
from academy.reports.registry import Question
from certificates.models import Certificate
from tests.reports.recounts import lists
from tests.reports.recounts.academy import Academy, Value, Values
from tests.reports.recounts.lists import earned_figures

MONTHS = [
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
]


def by_month(academy: Academy, question: Question) -> list[Values]:
    """Of the people of today, what they began and finished; or what was finished in the units."""
    asked, lines = question.filters, []
    target = {person.pk for person in academy.target(question)}
    own = [one for one in academy.taken if one.person in target and (not asked.course or one.course == asked.course.pk)]
    finished = academy.earned(question) if asked.by_earned_unit else [one for one in own if one.completed_on]
    for number, name in enumerate(MONTHS, start=1):
        month = (asked.year, number)
        done = [
            one for one in finished if one.completed_on and (one.completed_on.year, one.completed_on.month) == month
        ]
        begun = sum((one.enrolled_on.year, one.enrolled_on.month) == month for one in own)
        lines.append((name, *(() if asked.by_earned_unit else (begun,)), *earned_figures(academy, done)))
    return lines


def by_agency(_academy: Academy, _question: Question) -> list[Values]:
    """One agency is compared with nothing; several are in test_trends_and_agencies.py."""
    return []


def annex(academy: Academy, question: Question) -> list[Values]:
    """Who finished what, and where the certificate is checked."""
    asked = replace(question, filters=question.filters.with_(state=State.FINISHED, search=""))
    lines: list[Values] = []
    for line in lists.participants(academy, asked):
        told = line if question.filters.by_earned_unit else (*line[:8], *line[10:])  # without progress
        *person, course, edition, _state, _score, hours, completed_on, number = told
        place: list[Value] = [*person[:3], person[4]]
        if question.filters.by_earned_unit:
            place = [*person[:3], person[5], person[4]]
        code = Certificate.objects.get(number=number).code if number else ""
        address = f"{settings.SITE_URL}/V/{code}" if code else ""
        lines.append((*place, course, edition, completed_on, hours, number, address))
    return lines
