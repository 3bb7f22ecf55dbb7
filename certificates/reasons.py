"""Why a certificate is not out yet, in words for those who hold courses; the error itself is the operator's."""

from __future__ import annotations

import builtins

from django.utils.translation import gettext as _

OF_STORES = {"FileMissing", "FileDamaged", "StoreUnreachable", "OperationalError"}


def in_words(last_error: str) -> str:
    """`last_error` begins with the name of the error's class and a colon; its text is not told, it may hold paths.

    What the signer says is: it is written for people.
    """
    kind, _colon, text = last_error.partition(":")
    if kind == "SigningRefused" and text.strip():
        return text.strip()
    if kind == "SignerUnavailable":
        return _("The signing service cannot be reached. Nothing is wrong with the certificate.")
    if kind == "RenderError":
        return _("It cannot be drawn. Check the template: a text may be too long or a picture may be missing.")
    if kind in OF_STORES or _is_of_the_system(kind):
        return _("A file cannot be read or stored. Tell the operator.")
    return _("The cause is not known. Tell the operator.")


def _is_of_the_system(kind: str) -> bool:
    found = getattr(builtins, kind, None)
    return isinstance(found, type) and issubclass(found, OSError)
