"""What form a document has, by its bytes and not by its name, and the reader of that form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.intake.grid import BYTES, Document, too_large, unreadable
from analysis.intake.package import Package
from analysis.intake.textdump import Head


@dataclass(frozen=True)
class _Refused:
    """A form that is not read: its first bytes, what it is, the way out."""

    first: tuple[bytes, ...]
    wrong: str
    remedy: str


def _refused(first: tuple[bytes, ...], wrong: str, remedy: str) -> _Refused:
    return _Refused(first, wrong, remedy)


REFUSED = (
    _refused((b"\xd0\xcf\x11\xe0",), "is an old Word, Excel or Hancom file", "Open it and save it as .docx or .xlsx"),
    _refused((b"{\\rtf",), "is rich text", "Open it in Word and save it as .docx"),
    _refused(
        (b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*"),
        "is a picture",
        "Give the document with text, or type the tables into a workbook",
    ),
    _refused((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b"), "is an archive", "Unpack it and give the document"),
)


def form_of(content: bytes, name: str) -> str:
    """docx, xlsx, html, pdf or text.

    Raises
    ------
    Unreadable
        for forms that are not read, each with the way out.
    """
    if len(content) > BYTES:
        raise too_large(name, f"more than {BYTES // 1_000_000} MB")
    if not content.strip():
        raise unreadable(name, "is empty", "Give the whole document")
    for form in REFUSED:
        if content.startswith(form.first):
            raise unreadable(name, form.wrong, form.remedy)
    if content.startswith(b"PK"):
        if b"application/vnd.oasis.opendocument" in content[:200]:
            raise unreadable(name, "is an OpenDocument file", "Save it as .docx or .xlsx")
        parts = Package(content, name).parts
        if "word/document.xml" in parts:
            return "docx"
        if "xl/workbook.xml" in parts:
            return "xlsx"
        raise unreadable(name, "is a zip archive", "Unpack it and give the document")
    if content.lstrip()[:5] == b"%PDF-" or b"%PDF-" in content[:1024]:
        return "pdf"
    start = content[:4096].replace(b"\0", b"").lower()
    if re.search(rb"^(from|mime-version|content-type):[^\n]*", start) and b"multipart/related" in start:
        raise unreadable(name, "is a web archive", "Save the page in the browser as HTML")
    if re.search(rb"<!doctype\s+html|<html[\s>]|<table[\s>]|<body[\s>]", start):
        return "html"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" not in content:
        return "text"
    raise unreadable(name, "is of a form that is not known", "Give it as .docx, .xlsx, .html, .pdf or plain text")


def read_document(content: bytes, name: str, encoding: str = "utf-8", heads: Sequence[Head] = ()) -> Document:
    """Read a document of any form that is read.

    Raises
    ------
    Unreadable
        with the reason and the way out.
    """
    form = form_of(content, name)
    if form == "docx":
        from analysis.intake.docx import read_docx

        return read_docx(content, name)
    if form == "xlsx":
        from analysis.intake.xlsx import read_xlsx

        return read_xlsx(content, name)
    if form == "html":
        from analysis.intake.html import read_html

        return read_html(content, name)
    if form == "pdf":
        from analysis.intake.pdf import read_pdf

        return read_pdf(content, name)
    from analysis.intake.textdump import read_text

    return read_text(content, name, encoding, heads)
