"""Requests to the gateway of BSrE (esign client service, version 2), and what its answers mean.

Nothing that was sent, and no text of an answer, ever stands in an error: either may hold a passphrase or a code. For
the same reason errors are raised outside the `except` blocks: what led to them holds the request.
"""

from __future__ import annotations

import json
import time
from typing import Any

import requests
from django.utils.translation import gettext as _

from academy.env import Bsre
from certificates.signing import SignerUnavailable, SigningRefused

CONNECT_SECONDS, READ_SECONDS = 5, 60
SHORT_READ_SECONDS = 20  # for questions that no file is sent with
WRONG_PASSPHRASE, NOT_REGISTERED = 2031, 2011
CHUNK = 64 * 1024
SMALLEST_LIMIT = 1024 * 1024


class Gateway:
    """One gateway with the credentials of this application; keeps no secret but these."""

    def __init__(self, bsre: Bsre) -> None:
        self._bsre = bsre

    def post(self, path: str, body: dict[str, Any], *, read_seconds: int = READ_SECONDS) -> dict[str, Any]:
        """The answer's JSON object. SignerUnavailable if there is none to be had, SigningRefused if it is a refusal.

        An answer may be three times as large as what was sent, for a signature and its certificates.
        """
        sent = json.dumps(body).encode()
        limit = max(SMALLEST_LIMIT, 3 * len(sent))
        status, content, problem = self._exchange(path, sent, limit=limit, read_seconds=read_seconds)
        if problem:
            raise SignerUnavailable(f"BSrE {path}: {problem}")
        if content is None:
            raise SigningRefused(_("BSrE sent back much more than was sent to it."))
        if status == requests.codes.unauthorized:
            raise SignerUnavailable(f"BSrE {path}: SIGNING_BSRE_USER or SIGNING_BSRE_PASSWORD is not accepted (401)")
        answer = _as_object(content)
        if status in {400, 422} or (answer and status == requests.codes.ok and _is_refusal(answer)):
            raise SigningRefused(refusal_of(answer or {}))
        if status != requests.codes.ok or answer is None:
            raise SignerUnavailable(f"BSrE {path}: answered {status}, not as documented")
        return answer

    def _exchange(self, path: str, sent: bytes, *, limit: int, read_seconds: int) -> tuple[int, bytes | None, str]:
        """Status, body (None if it is larger than the limit) and what went wrong on the way."""
        deadline = time.monotonic() + CONNECT_SECONDS + read_seconds
        content = b""
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no password file of the machine
                with session.post(
                    self._bsre.url + path,
                    data=sent,
                    headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                    auth=(self._bsre.user, self._bsre.password),
                    timeout=(CONNECT_SECONDS, read_seconds),
                    allow_redirects=False,
                    stream=True,
                    verify=str(self._bsre.ca) if self._bsre.ca else True,
                ) as response:
                    for chunk in response.iter_content(CHUNK):
                        content += chunk
                        if len(content) > limit:
                            return response.status_code, None, ""
                        if time.monotonic() > deadline:
                            return response.status_code, b"", "too slow"
                    return response.status_code, content, ""
        except (requests.RequestException, OSError) as error:
            return 0, b"", type(error).__name__


def refusal_of(answer: dict[str, Any]) -> str:
    """A refusal in plain words, from its number alone."""
    code = answer.get("status_code")
    if code == WRONG_PASSPHRASE:
        return _("The passphrase is wrong.")
    if code == NOT_REGISTERED:
        return _("This NIK or e-mail is not registered with BSrE.")
    if isinstance(code, int):
        return _("BSrE refuses to sign (code %(code)d).") % {"code": code}
    return _("BSrE refuses to sign and gives no reason.")


def _is_refusal(answer: dict[str, Any]) -> bool:
    return "error" in answer and "file" not in answer


def _as_object(content: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
