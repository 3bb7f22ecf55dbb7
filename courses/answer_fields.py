"""The form fields of an attempt: `q12` holds the options chosen for question version 12.

A question whose options may all be unticked sends nothing then; `shown` names it, so that it counts as cleared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from courses.attempts import InvalidAnswer

FIELD = re.compile(r"q([0-9]{1,18})")
SHOWN = "shown"
MOST_FIELDS = 400


def field_name(version: int) -> str:
    return f"q{version}"


def read_answers(fields: Mapping[str, Sequence[str]]) -> dict[int, list[str]]:
    """What was chosen, by question version. InvalidAnswer if a field names no question."""
    if len(fields) > MOST_FIELDS or len(fields.get(SHOWN, ())) > MOST_FIELDS:
        raise InvalidAnswer(_("More answers were sent than this attempt has questions."))
    answers: dict[int, list[str]] = {}
    names = [name for name in fields if name.startswith("q")]
    for name in [*names, *(f"q{version}" for version in fields.get(SHOWN, ()))]:
        found = FIELD.fullmatch(name)
        if found is None:
            raise InvalidAnswer(_("An answer belongs to a question that is not part of this attempt."))
        answers[int(found[1])] = list(fields.get(name, ()))
    return answers
