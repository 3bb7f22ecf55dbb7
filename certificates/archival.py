"""What WeasyPrint leaves out of a PDF that is PDF/A-3a and PDF/UA-1 at once, and the place for its signature.

WeasyPrint writes the identification of one variant only. `finish` is its finisher: it runs before the file is
written, so that the file has one revision, and nothing has to be appended to it afterwards.
"""

from __future__ import annotations

import pydyf
from weasyprint import Document

from certificates.signature_slot import SignatureSlot, resolve

# PDF/A allows properties of other schemas only where the file describes them (ISO 19005-3, 6.6.2.3): here the one
# property of PDF/UA.
UA_IDENTIFICATION = b"""
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/"><pdfuaid:part>1</pdfuaid:part></rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>
"""


def finish(document: Document, pdf: pydyf.PDF, *, slot: SignatureSlot | None) -> None:
    """Make the PDF/A-3a in `pdf` a PDF/UA-1 too; with a slot, give it a signature field that is still to be signed."""
    _identify(pdf)
    _list_attachments_once(pdf)
    if slot is not None:
        slot.add_to(pdf)


def _identify(pdf: pydyf.PDF) -> None:
    metadata = resolve(pdf, pdf.catalog["Metadata"])
    xmp = b"".join(metadata.stream)
    metadata.stream = [xmp.replace(b"</rdf:RDF>", UA_IDENTIFICATION + b"</rdf:RDF>", 1)]
    metadata.compress = False


def _list_attachments_once(pdf: pydyf.PDF) -> None:
    """WeasyPrint lists each file twice, as one of the document's and as one it found among the objects."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
