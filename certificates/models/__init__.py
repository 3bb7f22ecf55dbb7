"""What certificates keep."""

from certificates.models.keys import SigningKey
from certificates.models.life import Revocation
from certificates.models.register import Certificate, CertificateFile, CertificateQuerySet, NumberSeries

__all__ = ["Certificate", "CertificateFile", "CertificateQuerySet", "NumberSeries", "Revocation", "SigningKey"]
