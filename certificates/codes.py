"""The public code of a certificate: 80 random bits as 16 Crockford base32 symbols, printed in groups of four."""

from __future__ import annotations

import re
import secrets

from django.utils.translation import gettext as _

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
LONGEST_TYPED = 200
GROUP = 4
_LOOKALIKES = str.maketrans("OIL", "011")
_ADDRESS = re.compile(r"^.*/v/", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s\-\u00ad\u2010-\u2015\u2212_.·]+")


class InvalidCode(ValueError):
    """The text cannot be a code; the message says what is wrong, in the reader's language."""


def new_code() -> str:
    """A code nobody can guess."""
    return "".join(secrets.choice(ALPHABET) for _symbol in range(LENGTH))


def normalise(text: str) -> str:
    """The code that was meant: case, spaces and dashes do not matter, O is 0, I and L are 1; a whole link will do."""
    text = _ADDRESS.sub("", text.strip())
    if "/" in text:
        raise InvalidCode(_("This looks like the number of the certificate. Type the code beside the QR code instead."))
    if len(text) > LONGEST_TYPED:
        raise InvalidCode(_("This is far too long for a code. Type only the code beside the QR code."))
    code = _SEPARATORS.sub("", text).upper().translate(_LOOKALIKES)
    if not code:
        raise InvalidCode(_("Type the code that is printed beside the QR code."))
    if strange := next((symbol for symbol in code if symbol not in ALPHABET), None):
        raise InvalidCode(
            _("A code holds only digits and the letters A–Z without U; “%(symbol)s” does not belong.")
            % {"symbol": strange}
        )
    if len(code) != LENGTH:
        raise InvalidCode(
            _("A code has %(length)d letters and digits, you typed %(typed)d.") % {"length": LENGTH, "typed": len(code)}
        )
    return code


def grouped(code: str) -> str:
    """As printed: 7KQ4-M2XD-9TWR-H3PB."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
