"""What certificates keep."""

from certificates.models.archives import ArchivedCertificate, ArchivePart, CertificateArchive
from certificates.models.holders import HolderDetails
from certificates.models.keys import SigningKey
from certificates.models.life import Revocation
from certificates.models.register import Certificate, CertificateFile, CertificateQuerySet, NumberSeries
from certificates.models.templates import PrintedAsset, Template, TemplateVersion

__all__ = [
    "ArchivePart",
    "ArchivedCertificate",
    "Certificate",
    "CertificateArchive",
    "CertificateFile",
    "CertificateQuerySet",
    "HolderDetails",
    "NumberSeries",
    "PrintedAsset",
    "Revocation",
    "SigningKey",
    "Template",
    "TemplateVersion",
]
