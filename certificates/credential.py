"""The certificate as a verifiable credential: Open Badges 3.0, signed with Data Integrity (eddsa-rdfc-2022).

Sources: W3C Verifiable Credentials Data Model 2.0, W3C Data Integrity EdDSA Cryptosuites 1.0 (section 3.2), 1EdTech Open
Badges 3.0. It names the holder as the paper does, and holds no NIP and no hash of one: a NIP has few enough values to
be found by trying.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import base58
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyld import jsonld

from certificates.facts import CertificateFacts

CONTEXTS = Path(__file__).resolve().parent / "contexts"
CREDENTIALS_V2 = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
CONTEXT_FILES = {CREDENTIALS_V2: "credentials-v2.jsonld", OPEN_BADGES: "open-badges-3.0.3.jsonld"}
CRYPTOSUITE = "eddsa-rdfc-2022"
ED25519_MULTICODEC = b"\xed\x01"


class UnknownContext(Exception):
    """A credential names a context that is not bundled."""


@dataclass(frozen=True)
class Issuance:
    """What the credential says beside the facts. `issued_at` is a moment in ISO with its offset, to the second.

    `ends_at` likewise, empty for what holds without end. `list_url` and `index` name its place in the status list.
    """

    issued_at: str
    ends_at: str
    did: str
    list_url: str
    index: int


def build(facts: CertificateFacts, issuance: Issuance) -> dict[str, Any]:
    """The credential without its proof."""
    return {
        "@context": [CREDENTIALS_V2, OPEN_BADGES],
        "id": f"{facts.site_url}/V/{facts.code}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"{facts.title}: {facts.course}",
        "issuer": {"id": issuance.did, "type": ["Profile"], "name": facts.organiser},
        "validFrom": issuance.issued_at,
        **({"validUntil": issuance.ends_at} if issuance.ends_at else {}),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {"type": "IdentityObject", "hashed": False, "identityHash": facts.name, "identityType": "name"}
            ],
            "activityStartDate": facts.learned_from,
            "activityEndDate": facts.completed_on,
            "creditsEarned": facts.credit_hours,
            "licenseNumber": facts.number,
            "achievement": {
                "id": f"{facts.site_url}/V/{facts.code}#pelatihan",
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": facts.course,
                "description": f"{facts.outcome}. {facts.run}, Edisi {facts.edition}, "
                f"{facts.credit_hours} ({facts.credit_hours_in_words}) jam pelajaran.",
                "criteria": {"narrative": _criteria(facts)},
                "inLanguage": "id",
            },
        },
        "credentialStatus": {
            "id": f"{issuance.list_url}#{issuance.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(issuance.index),
            "statusListCredential": issuance.list_url,
        },
    }


def _criteria(facts: CertificateFacts) -> str:
    if not facts.score:
        return "Mengikuti seluruh kegiatan pelatihan."
    return f"Nilai akhir {facts.score}, batas lulus {facts.pass_mark}."


def sign(document: dict[str, Any], key: Ed25519PrivateKey, *, method: str, created: str) -> dict[str, Any]:
    """The document with its proof; `method` is the DID URL of the key. The same input gives the same proof."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
    }
    signature = key.sign(_digest(document, options))
    return document | {"proof": options | {"proofValue": "z" + base58.b58encode(signature).decode()}}


def is_signed_by(credential: dict[str, Any], key: Ed25519PublicKey) -> bool:
    """Whether the proof is this key's over this document. What names an unknown context is not."""
    proof = dict(credential.get("proof") or {})
    value = str(proof.pop("proofValue", ""))
    document = {name: part for name, part in credential.items() if name != "proof"}
    try:
        key.verify(base58.b58decode(value.removeprefix("z")), _digest(document, proof))
    except (InvalidSignature, UnknownContext, ValueError, jsonld.JsonLdError):
        return False
    return proof.get("cryptosuite") == CRYPTOSUITE


def as_bytes(credential: dict[str, Any]) -> bytes:
    """As it is attached and downloaded: readable, in the order it was built."""
    return json.dumps(credential, ensure_ascii=False, indent=1).encode()


def multibase(key: Ed25519PublicKey) -> str:
    """The public key as `publicKeyMultibase` of a Multikey."""
    return "z" + base58.b58encode(ED25519_MULTICODEC + key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _digest(document: dict[str, Any], options: dict[str, Any]) -> bytes:
    """Hash of the canonical proof options, then of the canonical document."""
    with_context = {"@context": document["@context"]} | options
    return _canonical_sha256(with_context) + _canonical_sha256(document)


def _canonical_sha256(document: dict[str, Any]) -> bytes:
    canonical = jsonld.normalize(
        document,
        {
            "algorithm": "URDNA2015",
            "format": "application/n-quads",
            "documentLoader": _bundled,
        },  # as RDFC-1.0 was called
    )
    return hashlib.sha256(canonical.encode()).digest()


def _bundled(url: str, options: dict[str, Any]) -> dict[str, Any]:
    if url not in CONTEXT_FILES:
        raise UnknownContext(url[:200])
    return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": _context(url)}


@lru_cache(maxsize=len(CONTEXT_FILES))
def _context(url: str) -> dict[str, Any]:
    context: dict[str, Any] = json.loads((CONTEXTS / CONTEXT_FILES[url]).read_text())
    return context
