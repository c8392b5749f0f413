"""What a workbook that came from outside is made of, looked at before anything opens it.

A workbook is a ZIP archive of XML. Every part is unpacked in pieces and read once by a parser that builds nothing: it
counts, and stops at the first thing that no form has. What decides is what the parser reads, never how it is spelt in
the file.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO
from xml.parsers import expat

PACKED = 4 << 20  # bytes of a file
UNPACKED = 30 << 20  # bytes of all parts together, counted as they come out
PARTS = 300
CELLS = 40_000  # cells of a workbook; a form has some hundreds
ROWS = 20_000
ELEMENTS = 200_000  # of all parts together; a form has three thousand
STRUCTURE = 20_000  # elements other than cells and what is in them: styles, validations, columns
DEPTH = 64
ATTRIBUTES = 64  # of one element
ATTRIBUTE = 2_048  # characters of one; a form has 255
PIECE = 32 << 10  # bytes that are unpacked at once; no tag, comment or text of a form is as long

OF_CELLS = {"c", "v", "f", "is", "t", "r", "rPr", "si", "row"}
# a form has no merged cells and no links; over a large range the reader would make a cell for each address
FORBIDDEN = {
    "mergeCell",
    "hyperlink",
    "ddeLink",
    "oleLink",
    "oleObject",
    "externalReference",
    "externalBook",
    "control",
    "connection",
    "queryTable",
    "webPublishItem",
    "FmlaMacro",
    "attachedToolbars",
}
ACTIVE = re.compile(
    r"vbaProject|macrosheet|dialogsheet|macroEnabled|customUI|webextension|attachedTemplate|attachedToolbars|activeX"
    r"|ctrlProp|oleObject|embeddings|externalLink|connections|queryTable|/model/|/(?:control|package)$",
    re.I,
)
AUTOMATIC = re.compile(r"(?:_xlnm\.)?auto_(?:open|close|activate|deactivate)", re.I)
ELSEWHERE = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:|//|\\)", re.I)  # an address outside the package
PICTURES = {
    ".png": (b"\x89PNG",),
    ".jpg": (b"\xff\xd8\xff",),
    ".jpeg": (b"\xff\xd8\xff",),
    ".gif": (b"GIF8",),
    ".emf": (b"\x01\0\0\0",),
    ".wmf": (b"\xd7\xcd\xc6\x9a", b"\x01\0\x09\0"),
}
OBJECT = (b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"MZ", b"\x7fELF")  # an object, an archive or a program
UTF_8 = {"utf-8", "us-ascii"}
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    UnicodeError,
)


class Refused(Exception):
    """A package that must not be opened: a code of `words` and the reason."""

    def __init__(self, code: str, reason: str):
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class _Seen(dict):
    """Name with its space → elements of that name since the last count; looks at a name when it is new."""

    def __init__(self) -> None:
        super().__init__()
        self.part = ""
        self.meant: dict[str, Callable[[str, dict[str, str]], None]] = {}
        self.local: dict[str, str] = {}

    def __missing__(self, name: str) -> int:
        local = self.local[name] = name.rpartition(" ")[2]
        if local in FORBIDDEN:
            raise Refused("active", f"{self.part}: {local}")
        if local in MEANT:
            self.meant[name] = MEANT[local]
        return 0


class _Parts:
    """All parts of a package as the parser reports them, one after the other; what is counted is counted over all."""

    def __init__(self) -> None:
        self.bytes = self.elements = self.structure = self.cells = self.rows = self.depth = 0
        self.seen = _Seen()

    def _over(self, what: str, limit: int) -> None:
        raise Refused("bomb", f"{self.seen.part}: {what} > {limit}")

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if encoding and encoding.lower() not in UTF_8:
            raise Refused("entity", f"{self.seen.part}: {encoding[:20]}")

    def _declares(self, *_: object) -> None:
        raise Refused("entity", self.seen.part)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        seen = self.seen
        seen[name] += 1
        self.depth += 1
        if name in seen.meant:
            seen.meant[name](seen.part, attributes)
        if len(attributes) > ATTRIBUTES:
            self._over("attributes", ATTRIBUTES)
        for value in attributes.values():
            if len(value) > ATTRIBUTE:
                self._over("characters of an attribute", ATTRIBUTE)
        if self.depth > DEPTH:
            self._over("levels", DEPTH)

    def _end(self, name: str) -> None:
        self.depth -= 1

    def _count(self) -> None:
        """Add up what was seen; called after each piece, so that the parser is not held up."""
        for name, number in self.seen.items():
            local = self.seen.local[name]
            self.elements += number
            if local not in OF_CELLS:
                self.structure += number
            elif local == "c":
                self.cells += number
            elif local == "row":
                self.rows += number
        self.seen.clear()
        for what, limit in (("cells", CELLS), ("rows", ROWS), ("structure", STRUCTURE), ("elements", ELEMENTS)):
            if getattr(self, what) > limit:
                self._over(what, limit)

    def parser(self, name: str) -> expat.XMLParserType:
        """A parser for the next part."""
        self.seen.part, self.depth = name, 0
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.XmlDeclHandler, parser.StartDoctypeDeclHandler, parser.EntityDeclHandler = (
            self._declaration,
            self._declares,
            self._declares,
        )
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        return parser

    def feed(self, parser: expat.XMLParserType, piece: bytes) -> None:
        """Parse one more piece, and stop where there is more of something than in any form."""
        # UTF-16 and UTF-32 are full of zeros; Office writes UTF-8
        if b"\0" in piece:
            raise Refused("entity", f"{self.seen.part}: \\0")
        depth = self.depth
        parser.Parse(piece, False)
        if len(piece) == PIECE and not self.seen and self.depth == depth:
            # inside one tag, comment or text; a parser that waits for its end reads it from its beginning again and
            # again
            self._over("bytes without a tag", PIECE)
        self._count()


def _relationship(part: str, attributes: dict[str, str]) -> None:
    kind, target = attributes.get("Type", ""), attributes.get("Target", "")
    if attributes.get("TargetMode", "Internal").strip().lower() != "internal" or ELSEWHERE.match(target):
        raise Refused("active", f"{part} (External)")
    if found := ACTIVE.search(kind) or ACTIVE.search(target):
        raise Refused("active", f"{part}: {found[0]}")


def _content_type(part: str, attributes: dict[str, str]) -> None:
    if found := ACTIVE.search(attributes.get("ContentType", "")):
        raise Refused("active", found[0])


def _defined_name(part: str, attributes: dict[str, str]) -> None:
    if AUTOMATIC.match(attributes.get("name", "")):
        raise Refused("active", f"{part}: {attributes['name']}")


# elements whose attributes decide, in any name space
MEANT = {
    "Relationship": _relationship,
    "Default": _content_type,
    "Override": _content_type,
    "definedName": _defined_name,
}


def _look(name: str, stream: IO[bytes], parts: _Parts) -> None:
    """One part, unpacked piece by piece."""
    parser = None
    first = True
    while piece := stream.read(PIECE):
        parts.bytes += len(piece)
        if parts.bytes > UNPACKED:
            raise Refused("bomb", f"> {UNPACKED >> 20} MiB")
        if first:
            first = False
            suffix = name[name.rfind(".") :].lower()
            if piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Refused("entity", f"{name}: UTF-16")
            # a reader of XML could take it for XML, whatever its name says
            if suffix in {".xml", ".rels", ".vml"} or piece[:1] in b"<\xef \t\r\n":
                parser = parts.parser(name)
            elif piece.startswith(OBJECT) or not (suffix == ".bin" or piece.startswith(PICTURES.get(suffix, ()))):
                raise Refused("active", name)
        if parser:
            parts.feed(parser, piece)
    if parser:
        parser.Parse(b"", True)


def _check_names(parts: list[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    for part in parts:
        # ZipInfo ends a name at its first zero
        if (
            part.filename != part.orig_filename
            or not part.filename.isprintable()
            or "\\" in part.filename
            or ":" in part.filename
        ):
            raise Refused("no_workbook", repr(part.orig_filename))
        if {"", ".", ".."} & set(part.filename.removesuffix("/").split("/")):
            raise Refused("no_workbook", part.filename)
    # names of parts differ in more than case
    if len({name.lower() for name in names}) != len(names):
        raise Refused("no_workbook", "a part stands twice")
    if "xl/workbook.xml" not in names:
        raise Refused("no_workbook", "xl/workbook.xml")
    if active := [name for name in names if ACTIVE.search(name)]:
        raise Refused("active", ", ".join(active[:3]))


def _check_storage(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    for part in parts:
        if part.flag_bits & 0x1:
            raise Refused("encrypted", part.filename)
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("no_workbook", f"{part.filename}: compression {part.compress_type}")
    # parts that share bytes unpack to more than the file holds
    ordered = sorted(parts, key=lambda part: part.header_offset)
    for part, end in zip(ordered, [*(part.header_offset for part in ordered[1:]), archive.start_dir]):
        if part.header_offset + 30 + len(part.filename.encode()) + part.compress_size > end:
            raise Refused("bomb", f"{part.filename}: overlap")


def _check_package(path: Path) -> None:
    size = path.stat().st_size
    if size > PACKED:
        raise Refused("bomb", f"{size >> 20} MiB")
    with path.open("rb") as file:
        begins = file.read(8)
    if begins.startswith(OBJECT[0]):
        raise Refused("encrypted", path.suffix)
    if not begins.startswith(b"PK\x03\x04"):
        raise Refused("no_workbook", "ZIP")
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        stated = sum(part.file_size for part in parts)
        if len(parts) > PARTS or stated > UNPACKED:
            raise Refused("bomb", f"{len(parts)} parts, {stated >> 20} MiB")
        _check_names(parts)
        _check_storage(archive, parts)
        counted = _Parts()
        for part in parts:
            try:
                with archive.open(part) as stream:
                    _look(part.filename, stream, counted)
            except expat.ExpatError as error:
                raise Refused("no_workbook", f"{part.filename}: {error}") from None
            except BROKEN as error:
                raise Refused("no_workbook", f"{part.filename}: {error}") from None


def package_fault(path: Path) -> tuple[str, str] | None:
    """Why a file must not be opened: a code of `words` and the reason; None for a plain workbook."""
    try:
        _check_package(path)
    except Refused as refused:
        return refused.code, refused.reason
    except BROKEN as error:
        return "no_workbook", str(error)
    return None
