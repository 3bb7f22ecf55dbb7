"""Signing with a key of our own: PAdES B-B, or B-T with a timestamp, in the file's one and only revision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes, Signer
from pyhanko.sign.timestamps import HTTPTimeStamper, TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from academy.env import Signing
from certificates import key_register, signature_slot
from certificates.models import SigningKey
from certificates.signature_slot import SignatureSlot
from certificates.signing import Occasion, SignedFile, SignerUnavailable
from certificates.signing import keys as key_files

NAME = "local"
# The signature, a chain of two certificates and, with a timestamp, the token and the chain of who stamped it.
CMS_BYTES, TIMESTAMP_BYTES = 4096, 12288


class LocalSigner:
    """Holds the key of this process; another key in the file, after a rotation, is taken up with the next signature."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing
        self._path = signing.pkcs12 or signing.keys_dir / key_files.DOCUMENT
        self._loaded: tuple[tuple[int, int], key_files.KeyPair] | None = None
        self._timestamper = HTTPTimeStamper(signing.tsa_url) if signing.tsa_url else None

    def sign(self, draw: Callable[[SignatureSlot | None], bytes], occasion: Occasion) -> SignedFile:
        pair = self._key_pair()
        key = _active(pair)
        slot = SignatureSlot(
            signed_at=occasion.at.astimezone(UTC).strftime("D:%Y%m%d%H%M%SZ"),
            size=CMS_BYTES + (TIMESTAMP_BYTES if self._timestamper else 0),
            name=occasion.signatory,
            reason=occasion.reason,
            location=occasion.location,
        )
        content = signature_slot.fill(draw(slot), lambda digest: self._cms(pair, digest))
        return SignedFile(content=content, level="B-T" if self._timestamper else "B-B", key=key)

    def _key_pair(self) -> key_files.KeyPair:
        """Read anew only when the file is another one."""
        if not self._signing.pkcs12 and not self._path.exists():
            key_files.load_or_make(self._signing.keys_dir)
        try:
            status = self._path.stat()
        except OSError as error:
            raise SignerUnavailable(f"The signing key {self._path.name} is missing") from error
        which = (status.st_ino, status.st_mtime_ns)  # the number of a file that is gone may be given out again
        if self._loaded is None or self._loaded[0] != which:
            self._loaded = (which, key_files.load(self._path, self._signing.passphrase))
        return self._loaded[1]

    def _cms(self, pair: key_files.KeyPair, digest: bytes) -> bytes:
        signing = _KeptKeySigner(pair).async_sign(
            digest,
            "sha256",
            use_pades=True,
            timestamper=self._timestamper,
            signed_attr_settings=PdfCMSSignedAttributes(),
        )
        try:
            return bytes(asyncio.run(signing).dump())
        except (OSError, TimestampRequestError) as error:
            raise SignerUnavailable(f"The timestamp authority does not answer: {type(error).__name__}") from error


class _KeptKeySigner(Signer):
    """pyHanko's own signer reads the private key anew for each signature; for RSA that is most of the work."""

    def __init__(self, pair: key_files.KeyPair) -> None:
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple([_as_asn1(one) for one in pair.above])
        super().__init__(signing_cert=_as_asn1(pair.certificate), cert_registry=registry)
        self._private_key = pair.private_key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if isinstance(self._private_key, ec.EllipticCurvePrivateKey):
            return self._private_key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self._private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _as_asn1(certificate: Any) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _active(pair: key_files.KeyPair) -> SigningKey:
    """The key's row; SignerUnavailable once it was retired or compromised. One query."""
    key = key_register.register(pair)
    if key.state != SigningKey.State.ACTIVE:
        raise SignerUnavailable(f"The signing key {key} is {key.state}")
    return key
