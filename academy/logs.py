"""What logs must not hold: NIPs, certificate codes, reset keys (promise P9)."""

from __future__ import annotations

import logging
import re

SECRETS = re.compile(
    r"(?<![\d.])\d{18}(?!\d)"  # a NIP, not the decimals of a duration
    r"|(?<=/V/)[0-9A-Za-z-]{16,19}"  # a certificate code in an address
    r"|(?<=/verifikasi/)[0-9A-Za-z-]{16,19}"
    r"|(?<=kode=)[^&\s\"]+"
    r"|(?<=/baru/)[0-9A-Za-z-]+",  # a key that sets a new password
    re.IGNORECASE,
)
HIDDEN = "[hidden]"


class HidingFormatter(logging.Formatter):
    """Takes secrets out of every record as it is written, traceback included, whoever wrote it."""

    def format(self, record: logging.LogRecord) -> str:
        return SECRETS.sub(HIDDEN, super().format(record))
