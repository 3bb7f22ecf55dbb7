"""What certificates keep."""

from certificates.models.archives import ArchivedCertificate, ArchivePart, CertificateArchive
from certificates.models.keys import SigningKey
from certificates.models.register import Certificate, CertificateFile, CertificateQuerySet, NumberSeries

__all__ = [
    "ArchivePart",
    "ArchivedCertificate",
    "Certificate",
    "CertificateArchive",
    "CertificateFile",
    "CertificateQuerySet",
    "NumberSeries",
    "SigningKey",
]
