"""The local signing key: made at first start with a certification authority of its own, or given as PKCS#12.

Secrets stay in files of the data folder, mode 0600. The database knows public parts only, see `models.SigningKey`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from academy import whole_files
from certificates.signing import SignerUnavailable

AUTHORITY = "authority.p12"
DOCUMENT = "document.p12"
CREDENTIAL = "credential.pem"
AUTHORITY_YEARS, DOCUMENT_YEARS = 20, 5
DEMONSTRATION = "Demonstrasi, bukan penyelenggara sertifikasi elektronik"
ORGANISATION = "Akademi Digital ASN"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class KeyPair:
    """A private key with its certificate and the ones above it, the nearest first."""

    private_key: PrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...]

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.certificate)

    @property
    def is_demonstration(self) -> bool:
        """Made here by `make_document_key`, and trusted by nobody else."""
        units = self.certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return any(unit.value == DEMONSTRATION for unit in units)

    @property
    def algorithm(self) -> str:
        if isinstance(self.private_key, ec.EllipticCurvePrivateKey):
            return f"ecdsa-{self.private_key.curve.name}"
        return f"rsa-{self.private_key.key_size}"

    def chain_pem(self) -> str:
        certificates = (self.certificate, *self.above)
        return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate's DER, as hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def load(path: Path, passphrase: str) -> KeyPair:
    """A key pair from PKCS#12. SignerUnavailable if the file is missing, damaged, or closed to this passphrase."""
    try:
        content = pkcs12.load_pkcs12(path.read_bytes(), passphrase.encode() or None)
    except (OSError, ValueError) as error:
        message = f"The signing key cannot be read from {path.name}: {type(error).__name__}"
        raise SignerUnavailable(message) from error
    if content.cert is None or not isinstance(content.key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        message = f"{path.name} holds no certificate with an elliptic curve or RSA key"
        raise SignerUnavailable(message)
    above = tuple(one.certificate for one in content.additional_certs)
    return KeyPair(private_key=content.key, certificate=content.cert.certificate, above=above)


def load_or_make(folder: Path) -> KeyPair:
    """The embedded installation's own key, made by whichever process needs it first; the others take that one."""
    path = folder / DOCUMENT
    if not path.exists():
        _write_once(path, _as_pkcs12(make_document_key(_load_or_make_authority(folder), at=datetime.now(tz=UTC))))
    return load(path, "")


def load_or_make_credential_key(folder: Path) -> ed25519.Ed25519PrivateKey:
    """The Ed25519 key of the credentials, made like the other. SignerUnavailable if its file is damaged."""
    path = folder / CREDENTIAL
    if not path.exists():
        made = ed25519.Ed25519PrivateKey.generate()
        _write_once(path, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise SignerUnavailable(f"The credential key cannot be read from {path.name}") from error
    if not isinstance(key, ed25519.Ed25519PrivateKey):
        raise SignerUnavailable(f"{path.name} holds no Ed25519 key")
    return key


def replace_document_key(folder: Path, *, at: datetime) -> KeyPair:
    """A new key under the same authority in place of the old one, whose secret is gone afterwards."""
    pair = make_document_key(_load_or_make_authority(folder), at=at)
    whole_files.write(folder / DOCUMENT, _as_pkcs12(pair), mode=whole_files.PRIVATE)
    return pair


def make_document_key(authority: KeyPair, *, at: datetime) -> KeyPair:
    private_key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(private_key, "Penerbitan Sertifikat", at=at, years=DOCUMENT_YEARS)
        .issuer_name(authority.certificate.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_documents=True), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.private_key.public_key()), critical=False
        )
        .sign(authority.private_key, hashes.SHA256())
    )
    return KeyPair(private_key=private_key, certificate=certificate, above=(authority.certificate,))


def _load_or_make_authority(folder: Path) -> KeyPair:
    path = folder / AUTHORITY
    if not path.exists():
        private_key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(private_key, "CA Akademi Digital ASN", at=datetime.now(tz=UTC), years=AUTHORITY_YEARS)
        certificate = (
            builder.issuer_name(_name("CA Akademi Digital ASN"))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_documents=False), critical=True)
            .sign(private_key, hashes.SHA256())
        )
        _write_once(path, _as_pkcs12(KeyPair(private_key=private_key, certificate=certificate, above=())))
    return load(path, "")


def _builder(private_key: PrivateKey, common_name: str, *, at: datetime, years: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private_key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "ID"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, DEMONSTRATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, signs_documents: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs_documents,
        content_commitment=signs_documents,
        key_cert_sign=not signs_documents,
        crl_sign=not signs_documents,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _as_pkcs12(pair: KeyPair) -> bytes:
    """Without passphrase: what could open it would lie beside it. The file's mode protects it."""
    return pkcs12.serialize_key_and_certificates(
        None, pair.private_key, pair.certificate, list(pair.above) or None, NoEncryption()
    )


def _write_once(path: Path, content: bytes) -> None:
    """The first of several writers wins; nobody but the owner sees into the folder."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole_files.write_once(path, content, mode=whole_files.PRIVATE)
