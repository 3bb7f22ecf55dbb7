"""What certificates keep."""

from certificates.models.holders import HolderDetails
from certificates.models.keys import SigningKey
from certificates.models.register import Certificate, CertificateFile, CertificateQuerySet, NumberSeries
from certificates.models.templates import PrintedAsset, Template, TemplateVersion

__all__ = [
    "Certificate",
    "CertificateFile",
    "CertificateQuerySet",
    "HolderDetails",
    "NumberSeries",
    "PrintedAsset",
    "SigningKey",
    "Template",
    "TemplateVersion",
]
