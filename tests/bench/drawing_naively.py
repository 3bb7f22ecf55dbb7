"""What a certificate's content costs as the manuals of WeasyPrint and pyHanko show it: the floor of `certificate.cost`."""

from __future__ import annotations

import statistics
import sys
import time
from io import BytesIO

import django
from django.conf import settings
from django.template.loader import get_template
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from weasyprint import CSS, HTML

TIMES = 15


def draw_naively(*, code: str, times: int) -> float:
    """CPU milliseconds to draw and sign a certificate's content as both manuals show it: nothing kept between two."""
    from certificates import rendering
    from certificates.facts import CertificateFacts
    from certificates.models import Certificate
    from certificates.signing import keys

    facts = CertificateFacts.from_json(Certificate.objects.get(code=code).facts)
    context = {**rendering._context(facts), "density": "", "pages": 2}
    code_of_page = {rendering.QR_ADDRESS: rendering.QrCode(facts.verify_url)}
    html = get_template(rendering.TEMPLATE).render(context)
    key = str(settings.SIGNING.keys_dir / keys.DOCUMENT)
    style = (rendering.ASSETS / "templates" / "certificates" / rendering.STYLE).read_text()
    fetcher = rendering.AssetFetcher()
    spent = []
    for _round in range(times):
        began = time.process_time()
        sheet = CSS(string=style, url_fetcher=fetcher)
        pdf = HTML(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=[sheet], pdf_variant="pdf/a-3a", cache=dict(code_of_page)
        )
        signers.sign_pdf(
            IncrementalPdfFileWriter(BytesIO(pdf)),
            signers.PdfSignatureMetadata(field_name="Tanda tangan", subfilter=SigSeedSubFilter.PADES),
            signer=signers.SimpleSigner.load_pkcs12(key),
        )
        spent.append(time.process_time() - began)
    return statistics.median(spent) * 1000


def main() -> None:
    django.setup()
    from certificates.models import Certificate

    code = Certificate.objects.live().published().values_list("code", flat=True)[0]
    sys.stdout.write(f"{draw_naively(code=code, times=TIMES)}\n")


if __name__ == "__main__":
    main()
