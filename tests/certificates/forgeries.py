"""Ways to make something else of a published certificate, as a forger would; and ways to save it anew without meaning harm.

Each takes a `Model` and gives the bytes of a file; `FORGERIES` and `RESAVED` name them with the verdicts that are right.
"""

from __future__ import annotations

import io
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pypdfium2
import segno
import zxingcpp
from pyhanko.pdf_utils.generic import DictionaryObject, NameObject, StreamObject, TextStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from certificates import rendering
from certificates.facts import CertificateFacts
from tests.certificates import authorities
from tests.end_to_end import browsing

SCALE = 3.0


@dataclass(frozen=True)
class Model:
    """A published file and its facts, those of another certificate, and a folder for tools that need one."""

    content: bytes
    facts: CertificateFacts
    other: CertificateFacts
    credential: bytes
    other_credential: bytes
    folder: Path


# Bytes


def first_byte_flipped(model: Model) -> bytes:
    return flipped(model.content, len(model.content) // 5)


def middle_byte_flipped(model: Model) -> bytes:
    return flipped(model.content, len(model.content) // 2)


def byte_of_the_signature_flipped(model: Model) -> bytes:
    return flipped(model.content, model.content.index(b"/Contents <") + 200)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def truncated(model: Model) -> bytes:
    return model.content[: len(model.content) * 9 // 10]


def cut_in_half(model: Model) -> bytes:
    return model.content[: len(model.content) // 2]


def with_an_archive_behind(model: Model) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x.html", "<script>alert(1)</script>")
    return model.content + archive.getvalue()


def with_a_page_of_html_before(model: Model) -> bytes:
    return b"<html><script>alert(1)</script><!--\n" + model.content


# Objects written anew


def saved(change: Callable[[pikepdf.Pdf, Model], None]) -> Callable[[Model], bytes]:
    """The file after a change by pikepdf, written anew as a whole."""

    def forge(model: Model) -> bytes:
        with pikepdf.open(io.BytesIO(model.content)) as pdf:
            change(pdf, model)
            target = io.BytesIO()
            pdf.save(target)
        return target.getvalue()

    return forge


def name_rewritten(model: Model) -> bytes:
    """The glyphs of the name in another order, in the page's own content stream."""
    with pikepdf.open(io.BytesIO(model.content)) as pdf:
        steps = list(pikepdf.parse_content_stream(pdf.pages[0]))
        shows = [place for place, step in enumerate(steps) if str(step.operator) in {"Tj", "TJ"}]
        for place in shows:
            changed = [*steps]
            operands = [backwards(one) for one in steps[place].operands]
            changed[place] = pikepdf.ContentStreamInstruction(operands, steps[place].operator)
            pdf.pages[0].Contents = pdf.make_stream(pikepdf.unparse_content_stream(changed))
            target = io.BytesIO()
            pdf.save(target)
            if model.facts.name.split()[0] not in text_of(target.getvalue()):
                return target.getvalue()
    raise AssertionError("the name was not found")


def backwards(operand: Any) -> Any:
    """The glyphs (two bytes each) of a string, or of a list of strings and distances, from behind."""
    parts = operand if isinstance(operand, pikepdf.Array) else [operand]
    raw = b"".join(bytes(one) for one in parts if isinstance(one, pikepdf.String))
    turned = pikepdf.String(b"".join(raw[start : start + 2] for start in range(len(raw) - 2, -1, -2)))
    return pikepdf.Array([turned]) if isinstance(operand, pikepdf.Array) else turned


def text_of(content: bytes) -> str:
    text: str = pypdfium2.PdfDocument(content)[0].get_textpage().get_text_bounded()
    return text


@saved
def name_covered_by_another(pdf: pikepdf.Pdf, model: Model) -> None:
    lay_over(pdf, b"1 1 1 rg 200 300 440 60 re f BT 0 g /F 34 Tf 260 320 Td (Orang Lain) Tj ET")


@saved
def digit_painted_over(pdf: pikepdf.Pdf, model: Model) -> None:
    """Lines without any text, over text that stays: what is read is not what is seen."""
    lay_over(pdf, b"1 1 1 rg 330 180 9 14 re f 0 G 1.5 w 334 182 m 334 192 l S")


@saved
def picture_over_the_page(pdf: pikepdf.Pdf, model: Model) -> None:
    """The genuine text lies below, unseen."""
    lay_over(pdf, b"1 1 1 rg 0 0 900 600 re f 0 g 100 100 300 200 re f")


@saved
def invisible_text_added(pdf: pikepdf.Pdf, model: Model) -> None:
    lay_over(pdf, b"BT 3 Tr /F 12 Tf 100 100 Td (dengan predikat Sangat Memuaskan) Tj ET")


@saved
def shadow_content(pdf: pikepdf.Pdf, model: Model) -> None:
    """A layer that is hidden until somebody shows it."""
    layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Lapisan"))
    pdf.Root.OCProperties = pikepdf.Dictionary(
        OCGs=[layer], D=pikepdf.Dictionary(Order=[layer], ON=pikepdf.Array(), OFF=pikepdf.Array([layer]))
    )
    page = pdf.pages[0]
    page.Resources.Properties = pikepdf.Dictionary(L0=layer)
    page.contents_add(b"/OC /L0 BDC 1 0 0 rg 100 100 300 200 re f EMC")


@saved
def note_stuck_on(pdf: pikepdf.Pdf, model: Model) -> None:
    stuck_on(pdf, b"1 1 0 rg 0 0 200 60 re f 0 g 20 20 100 20 re f", [300, 250, 500, 310])


def stuck_on(pdf: pikepdf.Pdf, drawing: bytes, place: list[int]) -> pikepdf.Object:
    """A stamp laid over the first page."""
    look = pdf.make_stream(drawing)
    size = [0, 0, place[2] - place[0], place[3] - place[1]]
    look.update(pikepdf.Dictionary(Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form, BBox=size))
    note = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Stamp,
        Rect=place,
        F=4,
        AP=pikepdf.Dictionary(N=look),
    )
    pdf.pages[0].Annots.append(pdf.make_indirect(note))
    return pdf.pages[0].Annots[-1]


@saved
def field_over_the_name(pdf: pikepdf.Pdf, model: Model) -> None:
    """A filled form field: viewers draw it, and the text below is as it was."""
    field = stuck_on(pdf, b"1 1 1 rg 0 0 440 60 re f 0 g 20 20 200 20 re f", [200, 300, 640, 360])
    field.update(pikepdf.Dictionary(Subtype=pikepdf.Name.Widget, FT=pikepdf.Name.Tx, T="nama", V="Orang Lain", Ff=1))
    pdf.Root.AcroForm.Fields.append(field)


@saved
def note_for_the_printer(pdf: pikepdf.Pdf, model: Model) -> None:
    """Not on the screen, only on paper."""
    stuck_on(pdf, b"1 1 1 rg 0 0 440 60 re f", [200, 300, 640, 360]).F = 4 | 32


@saved
def link_elsewhere(pdf: pikepdf.Pdf, model: Model) -> None:
    link = stuck_on(pdf, b"", [0, 0, 840, 590])
    elsewhere = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=f"https://akademi.palsu.test/V/{model.facts.code}")
    link.update(pikepdf.Dictionary(Subtype=pikepdf.Name.Link, Border=[0, 0, 0], A=elsewhere))


@saved
def script_of_a_page(pdf: pikepdf.Pdf, model: Model) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('x')")
    pdf.pages[0].AA = pikepdf.Dictionary(O=script)


@saved
def another_form(pdf: pikepdf.Pdf, model: Model) -> None:
    """Some viewers show this form instead of the pages."""
    pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp/>")


def layer_behind_a_lock(model: Model) -> bytes:
    """Encrypted for nobody: everybody can open it."""
    with pikepdf.open(io.BytesIO(shadow_content(model))) as pdf:
        target = io.BytesIO()
        pdf.save(target, encryption=pikepdf.Encryption(owner="pemilik", user=""))
    return target.getvalue()


@saved
def script_on_opening(pdf: pikepdf.Pdf, model: Model) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert('x')")


@saved
def page_added(pdf: pikepdf.Pdf, model: Model) -> None:
    pdf.pages.append(pdf.pages[1])


@saved
def page_removed(pdf: pikepdf.Pdf, model: Model) -> None:
    del pdf.pages[1]


@saved
def attachment_swapped(pdf: pikepdf.Pdf, model: Model) -> None:
    name = next(iter(pdf.attachments))
    del pdf.attachments[name]
    pdf.attachments[name] = model.other_credential


@saved
def attachment_added(pdf: pikepdf.Pdf, model: Model) -> None:
    pdf.attachments["transkrip.txt"] = b"Nilai: 100"


@saved
def qr_swapped(pdf: pikepdf.Pdf, model: Model) -> None:
    qr_over(pdf, model, model.other.verify_url)


@saved
def qr_of_another_house(pdf: pikepdf.Pdf, model: Model) -> None:
    qr_over(pdf, model, f"https://akademi.palsu.test/V/{model.facts.code}")


def qr_over(pdf: pikepdf.Pdf, model: Model, address: str) -> None:
    page = pypdfium2.PdfDocument(model.content)[0]
    (found,) = zxingcpp.read_barcodes(page.render(scale=SCALE, grayscale=True).to_pil())
    corners = found.position.top_left, found.position.bottom_right
    left, top, right, bottom = (value / SCALE for corner in corners for value in (corner.x, corner.y))
    code = io.BytesIO()
    segno.make_qr(address).save(code, kind="pdf", border=1, compresslevel=0, light="white")
    height = float(pdf.pages[0].mediabox[3])
    place = pikepdf.Rectangle(left - 4, height - bottom - 4, right + 4, height - top + 4)
    with pikepdf.open(code) as drawn:
        pdf.pages[0].add_overlay(drawn.pages[0], place)


@saved
def decompression_bomb(pdf: pikepdf.Pdf, model: Model) -> None:
    """Two gigabytes of nothing, packed twice, among the contents of the page."""
    stream = pikepdf.Stream(pdf, _bomb())
    stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    pdf.pages[0].Contents = pikepdf.Array([stream, pdf.make_indirect(pdf.pages[0].Contents)])


@cache
def _bomb() -> bytes:
    """Two thousand times the same packed megabyte, which a full flush makes independent of what comes before."""
    megabyte = b" " * 1_000_000
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(megabyte) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _turn in range(2000):
        checksum = zlib.adler32(megabyte, checksum)
    once = b"\x78\xda" + packed * 2000 + packer.flush() + checksum.to_bytes(4, "big")
    return zlib.compress(once, 9)


def lay_over(pdf: pikepdf.Pdf, drawing: bytes) -> None:
    """Draw something over the first page."""
    with pikepdf.new() as over:
        over.add_blank_page(page_size=(float(pdf.pages[0].mediabox[2]), float(pdf.pages[0].mediabox[3])))
        font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        over.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        over.pages[0].Contents = over.make_stream(drawing)
        pdf.pages[0].add_overlay(over.pages[0], None)


# Revisions and signatures


def visible_text_in_an_update(model: Model) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(model.content))
    font = DictionaryObject(
        {NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
         NameObject("/BaseFont"): NameObject("/Helvetica")}
    )  # fmt: skip
    fonts = DictionaryObject({NameObject("/Palsu"): font})
    stream = StreamObject(stream_data=b"q BT /Palsu 30 Tf 300 250 Td (PALSU) Tj ET Q")
    resources = DictionaryObject({NameObject("/Font"): fonts})
    writer.add_stream_to_page(0, writer.add_object(stream), resources=resources)
    return written(writer)


def unseen_update(model: Model) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(model.content))
    writer.add_object(TextStringObject("tidak terlihat"))
    writer.root[NameObject("/Catatan")] = TextStringObject("tidak terlihat")
    writer.update_root()
    return written(writer)


def written(writer: IncrementalPdfFileWriter) -> bytes:
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


@saved
def signature_stripped(pdf: pikepdf.Pdf, model: Model) -> None:
    del pdf.Root.AcroForm
    del pdf.Root.Perms
    page = pdf.pages[0]
    page.Annots = pikepdf.Array([one for one in page.Annots if one.Subtype != pikepdf.Name.Widget])


def signed_by_the_forger(model: Model) -> bytes:
    return signed(signature_stripped(model))


def altered_and_signed_by_the_forger(model: Model) -> bytes:
    return signed(signature_stripped(replace(model, content=name_rewritten(model))))


def second_signature_added(model: Model) -> bytes:
    """On top of the first, whose ban on changes is lifted in place, or the forger's own tool would refuse."""
    banned = b"/TransformParams/P 1/"
    assert model.content.count(banned) == 1
    return signed(model.content.replace(banned, banned.replace(b"P 1", b"P 3")))


def signed(content: bytes) -> bytes:
    forger = authorities.below(authorities.root("Palsu"), "BPSDMD Provinsi NTT")
    signer = signers.SimpleSigner(
        signing_cert=forger.asn1_certificate, signing_key=forger.asn1_key, cert_registry=authorities.bag(forger)
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(content), strict=False)
    target = io.BytesIO()
    signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name="Palsu"), signer=signer, output=target)
    return target.getvalue()


# Drawn anew with our own template, which is no secret


def drawn(**changes: Any) -> Callable[[Model], bytes]:
    def forge(model: Model) -> bytes:
        return rendering.render_pdf(replace(model.facts, **changes), credential=model.credential)

    return forge


def drawn_with_the_code_of_another(model: Model) -> bytes:
    facts = replace(model.facts, code=model.other.code)
    return rendering.render_pdf(facts, credential=model.credential)


def drawn_with_a_made_up_code(model: Model) -> bytes:
    return rendering.render_pdf(replace(model.facts, code="ZZZZZZZZZZZZZZZZ"))


# Saved anew by programs that mean no harm


def tool(*command: str) -> Callable[[Model], bytes]:
    """What a program makes of the file; IN and OUT stand for the paths."""

    def resave(model: Model) -> bytes:
        source, target = model.folder / "in.pdf", model.folder / "out.pdf"
        source.write_bytes(model.content)
        paths = {"IN": str(source), "OUT": str(target)}
        subprocess.run([paths.get(word, word) for word in command], check=True, capture_output=True)
        return target.read_bytes()

    return resave


def by_pypdf(model: Model) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(model.content))
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def by_pdfium(model: Model) -> bytes:
    target = io.BytesIO()
    pypdfium2.PdfDocument(model.content).save(target)
    return target.getvalue()


def by_the_viewer_of_chromium(model: Model) -> bytes:
    """As it prints a PDF file into another: pages taken over, with what lies on them made part of them."""
    printed = pypdfium2.PdfDocument.new()
    printed.import_pages(pypdfium2.PdfDocument(model.content))
    for page in printed:
        assert pypdfium2.raw.FPDFPage_Flatten(page, pypdfium2.raw.FLAT_PRINT) != pypdfium2.raw.FLATTEN_FAIL
    target = io.BytesIO()
    printed.save(target)
    return target.getvalue()


def printed_by_a_browser(model: Model) -> bytes:
    """From a page that shows pictures of the pages, as viewers within web sites do."""
    pages = [page.render(scale=2.0).to_pil() for page in pypdfium2.PdfDocument(model.content)]
    for number, picture in enumerate(pages):
        picture.save(model.folder / f"{number}.png")
    shown = "".join(f'<img src="{number}.png" style="display: block; height: 209mm">' for number in range(len(pages)))
    page = f"<style>@page {{ size: A4 landscape; margin: 0 }} body {{ margin: 0 }}</style>{shown}"
    return printed_page(page.encode(), model.folder)


def printed_page(html: bytes, folder: Path) -> bytes:
    """What Chromium saves as PDF when it prints this page."""
    source, target = folder / "page.html", folder / "page.pdf"
    source.write_bytes(html)
    options = [*browsing.ARGUMENTS, "--headless", f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={target}"]
    subprocess.run([browsing.program(), *options, source.as_uri()], check=True, capture_output=True, timeout=60)
    return target.read_bytes()


@saved
def by_pikepdf(pdf: pikepdf.Pdf, model: Model) -> None:
    """Nothing but written."""


def scanned(model: Model) -> bytes:
    """Pages as pictures, slightly askew, without any text."""
    pages = []
    for page in pypdfium2.PdfDocument(model.content):
        pages.append(page.render(scale=2.0).to_pil().rotate(0.4, fillcolor="white", expand=False).convert("RGB"))
    target = io.BytesIO()
    pages[0].save(target, "PDF", resolution=144, save_all=True, append_images=pages[1:])
    return target.getvalue()


RESAVED: dict[str, Callable[[Model], bytes]] = {
    "qpdf": tool("qpdf", "IN", "OUT"),
    "qpdf, linearized": tool("qpdf", "--linearize", "IN", "OUT"),
    "qpdf, unpacked": tool("qpdf", "--qdf", "--object-streams=disable", "IN", "OUT"),
    "qpdf, encrypted for nobody": tool("qpdf", "--encrypt", "", "owner", "256", "--", "IN", "OUT"),
    "pdftocairo": tool("pdftocairo", "-pdf", "IN", "OUT"),
    "pikepdf": by_pikepdf,
    "pypdf": by_pypdf,
    "pdfium": by_pdfium,
    "Chromium's viewer": by_the_viewer_of_chromium,
    "scan": scanned,
    "signature stripped": signature_stripped,
}

# Kind → how, and the verdicts that are right. What cannot be opened may be unknown; nothing of it is ever genuine.
ALTERED, FOREIGN, UNKNOWN = {"altered"}, {"foreign"}, {"unknown"}
FORGERIES: dict[str, tuple[Callable[[Model], bytes], set[str]]] = {
    "byte flip near the beginning": (first_byte_flipped, ALTERED),
    "byte flip in the middle": (middle_byte_flipped, ALTERED),
    "byte flip in the signature": (byte_of_the_signature_flipped, ALTERED),
    "truncated": (truncated, ALTERED),
    "cut in half": (cut_in_half, ALTERED | UNKNOWN),
    "polyglot with an archive": (with_an_archive_behind, ALTERED),
    "polyglot with a web page": (with_a_page_of_html_before, ALTERED),
    "name by object rewrite": (name_rewritten, ALTERED),
    "name covered": (name_covered_by_another, ALTERED),
    "digit painted over": (digit_painted_over, ALTERED),
    "picture over the page": (picture_over_the_page, ALTERED),
    "invisible text": (invisible_text_added, ALTERED),
    "shadow content": (shadow_content, ALTERED),
    "note stuck on": (note_stuck_on, ALTERED),
    "script on opening": (script_on_opening, ALTERED),
    "script of a page": (script_of_a_page, ALTERED),
    "field over the name": (field_over_the_name, ALTERED),
    "note for the printer": (note_for_the_printer, ALTERED),
    "link elsewhere": (link_elsewhere, ALTERED),
    "another form": (another_form, ALTERED),
    "layer behind a lock": (layer_behind_a_lock, ALTERED),
    "page added": (page_added, ALTERED),
    "page removed": (page_removed, ALTERED),
    "attachment swapped": (attachment_swapped, ALTERED),
    "attachment added": (attachment_added, ALTERED),
    "QR swapped": (qr_swapped, ALTERED),
    "QR of another house": (qr_of_another_house, ALTERED),
    "decompression bomb": (decompression_bomb, ALTERED | UNKNOWN),
    "update with visible text": (visible_text_in_an_update, ALTERED),
    "update that is not seen": (unseen_update, ALTERED),
    "re-signed": (signed_by_the_forger, FOREIGN),
    "altered and re-signed": (altered_and_signed_by_the_forger, FOREIGN),
    "second signature": (second_signature_added, FOREIGN),
    "drawn anew with another score": (drawn(score="97.5"), ALTERED),
    "drawn anew with another name": (drawn(name="Yohanis Palsu, S.E."), ALTERED),
    "drawn anew with another day": (drawn(issued_on="2025-01-02"), ALTERED),
    "code of another certificate": (drawn_with_the_code_of_another, ALTERED),
    "code that nobody issued": (drawn_with_a_made_up_code, UNKNOWN),
}
