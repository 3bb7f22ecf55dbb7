"""Names of the files that people fetch: letters, digits and dashes only."""

from __future__ import annotations

import re

from django.utils.text import slugify

LONGEST_PIECE = 60


def piece(text: str) -> str:
    """0001/BPSDMD-NTT/2026 becomes 0001-bpsdmd-ntt-2026: what is no letter or digit is a dash, not swallowed."""
    return slugify(re.sub(r"[\W_]+", "-", text))[:LONGEST_PIECE].strip("-")
