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


class HideSecrets(logging.Filter):
    """Takes secrets out of every line before it is written, whoever wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        hidden = SECRETS.sub(HIDDEN, message)
        if hidden != message:
            record.msg, record.args = hidden, None
        return True
