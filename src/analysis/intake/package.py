"""Office files are zip archives of XML: opened within limits, and nothing of them is obeyed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from lxml import etree

from analysis.intake.grid import BYTES, Unreadable, too_large, unreadable

MEMBERS = 10_000
# a raised digit is a mark of a footnote, never a digit of the number
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def marked(content: bytes) -> str:
    """The encoding that the first bytes of a text say, empty if they say none."""
    marks = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
    return next((encoding for mark, encoding in marks if content.startswith(mark)), "")


def raised(text: str) -> str:
    """Text that the document raises or lowers, in characters that say so."""
    return text.translate(RAISED)


class Package:
    """A zip archive whose parts are read one by one, each within the limit of bytes it may unpack to."""

    def __init__(self, content: bytes, name: str):
        self.name = name
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            self.parts = {info.filename: info for info in self._zip.infolist()}
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError) as error:
            raise self._broken() from error
        if len(self.parts) > MEMBERS:
            raise too_large(name, f"more than {MEMBERS:,} parts")
        if any(info.flag_bits & 1 for info in self.parts.values()):
            raise unreadable(name, "is locked with a password", "Save it without one")
        self._left = BYTES

    def read(self, part: str) -> bytes:
        """The bytes of a part; what unpacks to more than the limit is refused while it unpacks."""
        try:
            with self._zip.open(self.parts[part]) as stream:
                content = stream.read(self._left + 1)
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
            raise self._broken() from error
        if len(content) > self._left:
            raise too_large(self.name, f"more than {BYTES // 1_000_000} MB when unpacked")
        self._left -= len(content)
        return content

    def elements(self, part: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
        """Elements of these tags as the parser ends them; none is kept in memory after the next.

        No entity is replaced, no document type loaded, no address visited; a part that declares a document type is
        refused.
        """
        yield from parsed(io.BytesIO(self.read(part)), tags, self.name)

    def _broken(self) -> Unreadable:
        return unreadable(
            self.name, "is damaged: it cannot be unpacked", "Open it in the program that made it and save it anew"
        )


def parsed(stream: IO[bytes], tags: tuple[str, ...], name: str) -> Iterator[etree._Element]:
    """Elements of an XML stream, see `Package.elements`."""
    events = etree.iterparse(
        stream, events=("end",), tag=tags, resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        for _, element in events:
            if element.getroottree().docinfo.doctype:
                raise unreadable(name, "declares a document type, which no office program writes", "Save it anew")
            yield element
    except etree.XMLSyntaxError as error:
        raise unreadable(
            name, f"is damaged: {error.msg}"[:200], "Open it in the program that made it and save it anew"
        ) from error
