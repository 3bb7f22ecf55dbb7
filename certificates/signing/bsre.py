"""Signatures by BSrE, the national certification authority: sealed by the worker, or signed by an official at a page.

It appends a revision of its own to the unsigned file. What comes back is kept only if it begins with exactly what was
sent, adds nothing but one signature over the whole file, and that signature ends at a root in SIGNING_BSRE_TRUST.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import x509 as asn1_x509
from django.utils import timezone
from django.utils.translation import gettext as _

from academy.env import Bsre, Signing
from certificates.signature_slot import SignatureSlot
from certificates.signing import BY_HAND, Occasion, SignedFile, SignerUnavailable, SigningRefused, validation
from certificates.signing.gateway import SHORT_READ_SECONDS, Gateway

SEAL, SIGN = "bsre-seal", BY_HAND
LEVEL = "BSrE"
ACTIVATION = "bsre-activation.json"
RENEW_BEFORE = timedelta(hours=6)  # an activation that ends within this time is renewed


@dataclass(frozen=True)
class Identity:
    """Who signs, as typed: NIK or e-mail, and passphrase or one-time code. For the length of one request only."""

    nik: str = field(default="", repr=False)
    email: str = field(default="", repr=False)
    passphrase: str = field(default="", repr=False)
    totp: str = field(default="", repr=False)

    def who(self) -> dict[str, str]:
        return {"nik": self.nik} if self.nik else {"email": self.email}

    def proof(self) -> dict[str, str]:
        return {"totp": self.totp} if self.totp else {"passphrase": self.passphrase}


class SealSigner:
    """The institution's electronic seal, without anybody present."""

    def __init__(self, signing: Signing) -> None:
        self._bsre = signing.bsre
        self._gateway = Gateway(signing.bsre)
        self._activation = Activation(signing.bsre, self._gateway, signing.keys_dir / ACTIVATION)

    def sign(self, draw: Callable[[SignatureSlot | None], bytes], occasion: Occasion) -> SignedFile:
        roots = trusted_roots(self._bsre)
        content = draw(None)
        subscriber = {"idSubscriber": self._bsre.subscriber}
        activation = {"totp": self._activation.code(now=timezone.now()), "data": 1}
        with _not_the_files_fault():
            given = _code_in(
                self._gateway.post("/api/v2/seal/get/totp", subscriber | activation, read_seconds=SHORT_READ_SECONDS)
            )
        answer = self._gateway.post(
            "/api/v2/seal/pdf",
            subscriber | {"totp": given["totp"]} | _files([content], occasion.reason, occasion.location),
        )
        returned = _returned_for([content], answer)[0]
        return accept(content, returned, roots)


class Activation:
    """The code that unlocks sealing. Each renewal gives another one, kept beside the keys, readable by its owner only.

    It begins with SIGNING_BSRE_TOTP, and begins anew when that is another one. One process renews at a time.
    """

    def __init__(self, bsre: Bsre, gateway: Gateway, path: Path) -> None:
        self._bsre = bsre
        self._gateway = gateway
        self._path = path
        self._first = hashlib.sha256(bsre.totp.encode()).hexdigest()

    def code(self, *, now: datetime) -> str:
        """The code of the moment. SignerUnavailable if it cannot be renewed."""
        with self._alone():
            kept = self._kept()
            if kept and datetime.fromisoformat(kept["expires"]) > now + RENEW_BEFORE:
                return str(kept["totp"])
            body = {"idSubscriber": self._bsre.subscriber, "totp": kept["totp"] if kept else self._bsre.totp}
            with _not_the_files_fault():
                fresh = _code_in(
                    self._gateway.post("/api/v2/seal/get/activation", body, read_seconds=SHORT_READ_SECONDS)
                )
            self._keep({"first": self._first, "totp": fresh["totp"], "expires": _moment(fresh, or_else=now)})
            return fresh["totp"]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _kept(self) -> dict[str, Any] | None:
        try:
            kept: dict[str, Any] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return None
        return kept if kept["first"] == self._first else None

    def _keep(self, kept: dict[str, Any]) -> None:
        descriptor, draft = tempfile.mkstemp(dir=self._path.parent, prefix=f"{ACTIVATION}.")  # made with mode 0600
        with os.fdopen(descriptor, "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(self._path)


def check_signer(bsre: Bsre, identity: Identity) -> None:
    """SigningRefused if this person's certificate cannot sign now."""
    answer = Gateway(bsre).post("/api/v2/user/check/status", identity.who(), read_seconds=SHORT_READ_SECONDS)
    inner = answer.get("data")
    status = str(answer.get("status") or (inner.get("status") if isinstance(inner, dict) else "") or "").upper()
    if status != "ISSUE":
        raise SigningRefused(_state_in_words(status))


def send_code(bsre: Bsre, identity: Identity, *, files: int) -> None:
    """Have BSrE send this person a one-time code for so many files."""
    Gateway(bsre).post("/api/v2/sign/get/totp", identity.who() | {"data": files}, read_seconds=SHORT_READ_SECONDS)


def sign_together(
    bsre: Bsre, identity: Identity, contents: Sequence[bytes], *, reason: str, location: str
) -> list[bytes | None]:
    """What came back for each of the files, not yet looked at; None for one that did not come back."""
    body = identity.who() | identity.proof() | _files(contents, reason, location)
    return _returned_for(contents, Gateway(bsre).post("/api/v2/sign/pdf", body))


def accept(sent: bytes, returned: bytes | None, roots: Sequence[asn1_x509.Certificate]) -> SignedFile:
    """The returned file, if it is the one that was sent and properly signed; SigningRefused with the reason if not."""
    if returned is None:
        raise SigningRefused(_("What BSrE sent back is not the file that was sent to it."))
    try:
        added = validation.added_only_a_signature(sent, returned)
        found = validation.validate(returned, roots=roots)
    except validation.UnreadableFile as error:
        raise SigningRefused(_("What BSrE sent back cannot be read.")) from error
    if added.reason:
        raise SigningRefused(_("What BSrE sent back is not kept.") + " " + added.reason)
    if not found.is_good:
        raise SigningRefused(" ".join([_("What BSrE sent back is not kept."), *found.reasons]))
    return SignedFile(content=returned, level=LEVEL)


def trusted_roots(bsre: Bsre) -> list[asn1_x509.Certificate]:
    """The pinned roots. SignerUnavailable while their file cannot be read."""
    try:
        return validation.roots_in(bsre.trust.read_bytes()) if bsre.trust else []
    except (OSError, ValueError) as error:
        raise SignerUnavailable(f"SIGNING_BSRE_TRUST cannot be read: {type(error).__name__}") from error


def _files(contents: Sequence[bytes], reason: str, location: str) -> dict[str, Any]:
    """Invisible: the certificate has its own look, with the QR code."""
    invisible = {"tampilan": "INVISIBLE", "reason": reason, "location": location, "contactInfo": ""}
    return {
        "signatureProperties": [invisible],
        "file": [base64.b64encode(content).decode() for content in contents],
    }


def _returned_for(contents: Sequence[bytes], answer: dict[str, Any]) -> list[bytes | None]:
    """The answer's files in the order of what was sent: each belongs to the one that it begins with."""
    listed = answer.get("file")
    returned = [_decoded(one) for one in listed] if isinstance(listed, list) else []
    if len(contents) == 1 and len(returned) == 1:
        return [returned[0]]
    return [next((one for one in returned if one and one.startswith(content)), None) for content in contents]


def _decoded(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        return None


@contextlib.contextmanager
def _not_the_files_fault() -> Iterator[None]:
    """A refused code is nothing that another try with this file would mend, or that this file should pay for."""
    refusal = ""
    try:
        yield
    except SigningRefused as error:
        refusal = str(error)
    if refusal:
        raise SignerUnavailable(f"BSrE gives no code for sealing, see SIGNING_BSRE_TOTP: {refusal}")


def _code_in(answer: dict[str, Any]) -> dict[str, str]:
    inner = answer["data"] if isinstance(answer.get("data"), dict) else answer
    if inner.get("result") is False or not isinstance(inner.get("totp"), str) or not inner["totp"]:
        raise SignerUnavailable("BSrE gives no code for sealing: activate the seal again and set SIGNING_BSRE_TOTP")
    return inner


def _moment(answer: dict[str, str], *, or_else: datetime) -> str:
    """When a code ends; one that does not say so is renewed with the next file."""
    try:
        moment = datetime.fromisoformat(str(answer.get("expires")))
    except ValueError:
        moment = or_else
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _state_in_words(status: str) -> str:
    return {
        "EXPIRED": _("The signatory's electronic certificate has ended."),
        "RENEW": _("The signatory's electronic certificate is being renewed."),
        "WAITING_FOR_VERIFICATION": _("The signatory's registration waits for verification by BSrE."),
        "NEW": _("The signatory has not yet chosen a passphrase at BSrE."),
        "NO_CERTIFICATE": _("The signatory has no electronic certificate."),
        "NOT_REGISTERED": _("This NIK or e-mail is not registered with BSrE."),
        "SUSPEND": _("The signatory's electronic certificate is suspended."),
        "REVOKE": _("The signatory's electronic certificate was revoked."),
    }.get(status, _("BSrE does not say that this signatory may sign."))
