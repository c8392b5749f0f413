"""Builds a report from its manuscript: HTML in one file, Word with real tables, captions and references,
and tagged PDF.

``python -m pipelines.build_report --language en`` builds the research report in one language from what the notebooks
published.

The manuscript is pandoc Markdown with six additions:

- ``{{name}}`` prints the number of that name from ``numbers.json``; ``{{"0"}}`` prints a literal number that is no
  datum. Any other digit in the prose stops the build (years, sections and table numbers of sources excepted).
- ``::: assert`` blocks hold comparisons of numbers (``a > b``); one that no longer holds stops the build. Under
  ``dvc exp run`` it is marked in the report instead: an experiment compares, it does not publish.
- ``{{finding name}}`` says a finding of ``data/words/findings`` in the wording that the data choose.
- ``{{section.parameter}}`` is a year, or the name of a place, of ``params.yaml``.
- ``::: figure`` and ``::: table`` blocks name what a notebook published; captions come from the catalogue. One that a
  notebook left out, because the sources hold no data for it, is said to be so.
- ``@fig:name`` and ``@tab:name`` refer to them; ``[@key]`` cites ``report/references.json``.

In HTML every bound number is a link to its trail (see `pipelines.trail_pages`). A number that a declared correction has
changed may stand in the prose only in one paragraph with the number computed from printed figures.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import subprocess
import sys
import zipfile
from functools import lru_cache
from pathlib import Path

import pypandoc
import typst

from analysis.ground import paths
from analysis.ground.dictionary import is_known, label
from analysis.ground.errors import DataFault, Problems
from analysis.ground.files import languages
from analysis.ground.params import load_params, notebooks
from analysis.present.findings import COMPARISONS, PARAMETER, PLACED, say_finding
from analysis.present.policy import with_policy
from analysis.present.published import catalogue, folders
from analysis.present.say import caption_note
from analysis.present.style import font_file
from analysis.present.words import load_words, page_words, words_file
from analysis.reconcile.trail import published
from pipelines.conditions import in_experiment, run_sealed
from pipelines.staging import replace, staging
from pipelines.trail_pages import trail_html

# half-width characters, with the room between columns, that a table of small type has across an upright page; a wider
# one stands on a landscape page
WIDE = 135
FORMATS = ("html", "docx", "pdf")
BOUND = re.compile(r"\{\{\s*(?:\"([^\"]*)\"|([A-Za-z0-9_]+))\s*\}\}")
BLOCK = re.compile(r"^::: (assert|figure|table)\n(.*?)\n:::$", re.M | re.S)
REFERENCE = re.compile(r"@(fig|tab):([a-z0-9_]+)", re.I)
ANYTHING = re.compile(
    r"^::: (?:assert|figure|table)\n.*?\n:::$|\{\{\s*(?:\"[^\"]*\"|[A-Za-z0-9_]+)\s*\}\}|@(?:fig|tab):[A-Za-z0-9_]+",
    re.M | re.S,
)
# digits that are no data: years, tables, annexes, sections, editions, keys of the bibliography
NO_DATA = r"\[@[^\]]+\]|GB/T \d+(?:\.\d+)?(?:-\d+)?"
PLAIN = {
    "zh": re.compile(
        NO_DATA + r"|(?:19|20)\d\d(?=年|届|[—-])|(?<=[—-])(?:19|20)\d\d(?=年)|表\d+-\d+|附件\d+|(?:第)?\d+(?:\.\d+)+节"
    ),
    "en": re.compile(
        NO_DATA
        + (
            r"|\b(?:19|20)\d\d\b(?! (?:students|graduates|persons|schools|specialties|yuan)|\s?%)|\b[Tt]ables? \d+-\d+"
            r"|\b[Aa]nnex(?:es)? \d+|\b[Ss]ections? \d+(?:\.\d+)+"
        )
    ),
}
UNSUPPORTED = "unsupported"  # class of what an experiment's data do not carry


class Manuscript:
    """One manuscript and what is wrong with it."""

    def __init__(self, path: Path, numbers: dict, catalogue: dict, language: str, text: str | None = None):
        self.path, self.numbers, self.catalogue, self.words = path, numbers, catalogue, page_words(language)["report"]
        self.language = language
        self.text = path.read_text(encoding="utf-8") if text is None else text
        self.problems = Problems()
        self.places: dict[tuple[str, str], int] = {}
        self.experiment = (
            in_experiment()
        )  # what the data do not carry is marked in an experiment's report, and stops a publication
        self.used: dict[str, int] = {}  # numbers bound in prose → position of their first use

    def expand(self) -> str:
        """Pandoc Markdown with numbers, captions and references filled in.

        Raises
        ------
        DataFault
            with every unbound number, unknown name and broken assertion, each with its line.
        """
        self.text = self._settled()
        head, body = self._front_matter()
        for match in BLOCK.finditer(body):
            kind, name = match[1], match[2].strip()
            if kind != "assert" and (name in self.catalogue[f"{kind}s"] or name not in left_out(kind)):
                if (kind, name) in self.places:
                    self._problem(match.start(), f"the {kind} {name!r} stands twice", "Keep one")
                self.places[kind, name] = 1 + sum(k == kind for k, _ in self.places)
        self._check_prose(body)
        # one pass over the text as written, so that every message knows its line
        written = self._without_repeats(ANYTHING.sub(self._replace, body))
        for name, position in self.used.items():
            entry = self.numbers[name]
            if entry["origin"].get("corrections") and not re.search(
                rf"\{{\{{\s*{entry.get('as_printed', '-')}\s*\}}\}}", _paragraph(body, position)
            ):
                beside = (
                    f"Show {{{{{entry['as_printed']}}}}} beside it"
                    if "as_printed" in entry
                    else "Publish the same number from printed figures (as_printed=) and show it beside"
                )
                self._problem(
                    position,
                    f"{name!r} rests on {', '.join(entry['origin']['corrections'])}; the number as printed is not "
                    "shown",
                    beside,
                )
        self.problems.stop()
        return f"---\n{head}\n---\n\n{written}"

    def _without_repeats(self, written: str) -> str:
        """The text with one line where several figures and tables behind each other are left out."""
        line = re.escape(self.words.get("left_out", "\0"))
        return re.sub(rf"{line}(?:\s*\n{line})+", lambda _: self.words["left_out"], written)

    def _settled(self) -> str:
        """The text with the wordings that the data choose and with the names of places and years: line by line the
        same, so that every message knows its line."""
        found = Problems()

        def say(match: re.Match[str]) -> str:
            return " ".join(say_finding(match[1], self.numbers, self.language, found).split())

        def name(match: re.Match[str]) -> str:
            section, parameter = match.groups()
            value = getattr(load_params().get(section), parameter, None)
            if value is None:
                found.add(paths.shown(self.path), f"params.yaml has no {section}.{parameter}", "Correct the place")
            said = label(value, self.language) if isinstance(value, str) and is_known(value) else str(value)
            return said if match.start() < head else f'{{{{"{said}"}}}}'

        text = PLACED.sub(say, self.text)
        head = text.find("\n---\n", 4)
        text = PARAMETER.sub(name, text)
        self.problems += found
        return text

    def _replace(self, match: re.Match) -> str:
        text, position = match[0], match.start()
        if text.startswith(":::"):
            return self._block(BLOCK.fullmatch(text), position)
        return (
            self._number(BOUND.fullmatch(text), position)
            if text.startswith("{{")
            else self._reference(REFERENCE.fullmatch(text), position)
        )

    def _front_matter(self) -> tuple[str, str]:
        found = re.match(r"---\n(.*?)\n---\n", self.text, re.S)
        if not found:
            self.problems.add(
                paths.shown(self.path), "has no front matter", "Begin with title and lang between two lines of ---"
            )
            self.problems.stop()
        self._start = found.end()
        return found[1], self.text[self._start :]

    def _problem(self, position: int, wrong: str, remedy: str, printed: str | None = None) -> None:
        """Note a problem at a position of the body."""
        line = self.text.count("\n", 0, self._start + position) + 1
        self.problems.add(paths.shown(self.path), wrong, remedy, row=f"line {line}", printed=printed)

    def _check_prose(self, body: str) -> None:
        """Every digit that is left when bound numbers, references and blocks are taken out."""

        def blank(m: re.Match[str]) -> str:
            return re.sub(r"[^\n]", " ", m[0])

        prose = body
        for pattern in (BLOCK, BOUND, REFERENCE, re.compile(r"\{[.#][^}]*\}"), PLAIN[self.language]):
            prose = pattern.sub(blank, prose)
        for match in re.finditer(r"\d[\d.,%]*", prose):
            self._problem(
                match.start(),
                "a number that is not bound",
                'Write {{name}} of a published number, or {{"…"}} if it is no datum',
                body[max(0, match.start() - 10) : match.end() + 10].replace("\n", " ").strip(),
            )

    def _number(self, match: re.Match, position: int) -> str:
        literal, name = match.groups()
        if literal is not None:
            return literal
        if name not in self.numbers and self.experiment:
            return f"[{_escape(name)}: —]{{.{UNSUPPORTED}}}"
        if name not in self.numbers:
            self._problem(position, f"no number is called {name!r}", "Publish it in a notebook, or correct the name")
            return "?"
        first = "" if name in self.used else f" #use_{name}"
        self.used.setdefault(name, position)
        return f"[{_escape(self.numbers[name]['text'])}](#trail_{name}){{.number{first}}}"

    def _block(self, match: re.Match, position: int) -> str:
        kind, content = match[1], match[2].strip()
        if kind == "assert":
            marks = []
            for number, line in enumerate(match[0].splitlines()[1:-1], 1):
                marks += self._assert(
                    line.strip(), position + sum(len(before) + 1 for before in match[0].splitlines()[:number])
                )
            return (
                "::: {."
                + UNSUPPORTED
                + "}\n"
                + self.words["unsupported"].format("; ".join(map(_escape, marks)))
                + "\n:::"
                if marks
                else ""
            )
        entry = self.catalogue[f"{kind}s"].get(content)
        if entry is None and content in left_out(kind):
            return self.words["left_out"]
        if entry is None:
            self._problem(position, f"no {kind} is called {content!r}", "Save it in a notebook, or correct the name")
            return ""
        words = self.words
        note = caption_note(self.language, entry["scope"], entry["units"], entry["source"])
        inner, across = (
            (f"![{_escape(entry['alt'])}]({entry['path']}.png)", 0) if kind == "figure" else self._table(entry)
        )
        attributes = {
            "kind": kind,
            "number": str(self.places[kind, content]),
            "label": words[kind],
            "caption": entry["title"],
            "note": note,
        } | ({"wide": "1"} if across > WIDE else {})
        listed = " ".join(f'{key}="{_attribute(value)}"' for key, value in attributes.items())
        return f"::: {{#{kind[:3]}_{content} .captioned {listed}}}\n{inner}\n:::"

    def _table(self, entry: dict) -> tuple[str, int]:
        """A published table as a pipe table, and its width in half-width characters."""
        with (paths.ROOT / f"{entry['path']}.csv").open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(head))]
        # numbers keep their width, words share the rest
        widths = [
            min(
                30 if n else 24,
                max(11 if n else 8, 4 + max(_width(cell) for cell in [head[i], *(row[i] for row in rows)])),
            )
            for i, n in enumerate(numeric)
        ]
        rule = "|".join("-" * (w - 1) + (":" if n else "-") for w, n in zip(widths, numeric))
        lines = ["|".join(map(_escape, head)), rule, *("|".join(map(_escape, row)) for row in rows)]
        return "\n".join(f"|{line}|" for line in lines), sum(widths) + 2 * len(widths)

    def _reference(self, match: re.Match, position: int) -> str:
        kind = {"fig": "figure", "tab": "table"}[match[1].lower()]
        place = self.places.get((kind, match[2]))
        if place is None and match[2] in left_out(kind):
            return self.words[f"no_{kind}"]
        if place is None:
            self._problem(
                position,
                f"{match[0]} refers to nothing in this report",
                f"Add a `::: {kind}` block, or drop the reference",
            )
            return "?"
        return f"[{self.words[kind]}{self.words['space']}{place}](#{match[1].lower()}_{match[2]}){{.crossref}}"

    def _assert(self, line: str, position: int) -> list[str]:
        """Check one comparison; in an experiment one that fails is returned to be marked."""
        parts = re.fullmatch(r"(\S+)\s*(<=|>=|<|>|=)\s*(\S+)", line)
        if not parts:
            self._problem(position, f"{line!r} is not a comparison", "Write `name > name` or `name > number`")
            return []
        sides = []
        for side in (parts[1], parts[3]):
            if side in self.numbers and isinstance(self.numbers[side]["value"], str):
                self._problem(position, f"{side!r} is text and cannot be compared", "Compare numbers")
                return []
            if side in self.numbers:
                sides.append(float(self.numbers[side]["value"]))
            elif re.fullmatch(r"-?\d+(\.\d+)?", side):
                sides.append(float(side))
            elif self.experiment:
                return [f"{line} ({side}: —)"]
            else:
                self._problem(
                    position, f"no number is called {side!r}", "Publish it in a notebook, or correct the name"
                )
                return []
        if COMPARISONS[parts[2]](*sides):
            return []
        if self.experiment:
            return [f"{line} ({sides[0]:g} : {sides[1]:g})"]
        self._problem(
            position,
            f"the data no longer say {line!r} ({sides[0]:g} against {sides[1]:g})",
            "Rewrite the sentence above this assertion",
        )
        return []


@lru_cache
def left_out(kind: str) -> set[str]:
    """Figures or tables that notebooks declare, and that are published only where the sources hold what they need."""
    declared = (load_words(section) for section in notebooks() if words_file(section).exists())
    return {name for words in declared for name in (words.figures if kind == "figure" else words.tables)}


def _paragraph(body: str, position: int) -> str:
    """The paragraph, or list, that holds a position."""
    end = body.find("\n\n", position)
    return body[body.rfind("\n\n", 0, position) + 1 : end if end >= 0 else len(body)]


def _escape(text: str) -> str:
    """Data as plain text: no cell becomes markup."""
    return re.sub(r"([\\`*_{}\[\]<>#|~^$@\"'!:])", r"\\\1", " ".join(text.split()))


def _attribute(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', "&quot;")


def _is_number(text: str) -> bool:
    return text == "" or bool(re.fullmatch(r"-?[\d,]+(\.\d+)?", text))


def _width(text: str) -> int:
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def reference_docx(folder: Path, language: str) -> Path:
    """Pandoc's reference document on A4, with Chinese typefaces named (宋体 for text, 黑体 for headings),
    ruled tables and page numbers."""
    path = folder / "reference.docx"
    default = subprocess.run(
        [str(PANDOC), "--print-default-data-file", "reference.docx"], capture_output=True, check=True
    ).stdout
    original = folder / "default.docx"
    original.write_bytes(default)
    with zipfile.ZipFile(original) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            content = source.read(item.filename)
            if item.filename == "word/styles.xml":
                content = _styles(content.decode("utf-8"), language).encode("utf-8")
            if item.filename == "word/document.xml":
                content = re.sub(
                    rb"<w:sectPr\b.*?</w:sectPr>|<w:sectPr\s*/>",
                    b'<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
                    b'<w:pgMar w:top="1304" w:right="1247" w:bottom="1304" w:left="1247" w:header="709" '
                    b'w:footer="709" w:gutter="0"/></w:sectPr>',
                    content,
                    flags=re.S,
                )
            target.writestr(zipfile.ZipInfo(item.filename, (2000, 1, 1, 0, 0, 0)), content)
    return path


def _styles(styles: str, language: str) -> str:
    """East Asian fonts by style, black headings, and a three-line table."""
    body = '<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体" w:cs="Times New Roman"/>'
    heading = '<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="黑体" w:cs="Arial"/>'
    styles = re.sub(r"<w:rFonts[^>]*/>", heading, styles)
    styles = re.sub(r"(<w:rPrDefault>\s*<w:rPr>\s*)<w:rFonts[^>]*/>", lambda m: m[1] + body, styles)
    styles = re.sub(r"<w:i(Cs)? ?/>", "", styles)  # slanted Chinese is no Chinese
    styles = re.sub(
        r"<w:lang [^>]*/>",
        f'<w:lang w:val="{"zh-CN" if language == "zh" else "en-GB"}" w:eastAsia="zh-CN" w:bidi="ar-SA"/>',
        styles,
    )
    styles = re.sub(r'<w:color w:val="(?!auto)[0-9A-Fa-f]{6}"[^>]*/>', '<w:color w:val="222222"/>', styles)
    # cells and notes are paragraphs of style Compact: small, so that numbers stay whole
    styles = re.sub(
        r'(<w:style [^>]*w:styleId="Compact">.*?)(</w:style>)',
        r'\1<w:rPr><w:sz w:val="17"/><w:szCs w:val="17"/></w:rPr>\2',
        styles,
        count=1,
        flags=re.S,
    )
    rule = '<w:{0} w:val="single" w:sz="{1}" w:space="0" w:color="7A7A7A"/>'
    borders = (
        "<w:tblBorders>"
        + rule.format("top", 10)
        + rule.format("bottom", 10)
        + rule.format("insideH", 2)
        + "</w:tblBorders>"
    )
    return re.sub(
        r'(<w:style w:type="table"[^>]*w:styleId="Table">.*?<w:tblPr>)', lambda m: m[1] + borders, styles, flags=re.S
    )


FOOTER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<w:ftr xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:p><w:pPr><w:jc w:val="center"/>'
    "</w:pPr>"
    '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve"> PAGE </w:instrText></w:r>'
    '<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>1</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/>'
    "</w:r></w:p></w:ftr>"
)


def number_pages(path: Path) -> None:
    """A footer with the page number in every section; pandoc knows footers of the last section only."""
    changes = {
        "word/document.xml": lambda text: re.sub(
            r"<w:sectPr\b([^>]*)>",
            r"<w:sectPr\1><w:footerReference "
            r'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" w:type="default" '
            r'r:id="rIdPageNumber"/>',
            text,
        ),
        "word/_rels/document.xml.rels": lambda text: text.replace(
            "</Relationships>",
            '<Relationship Id="rIdPageNumber" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" '
            'Target="footer_page.xml"/></Relationships>',
        ),
        "[Content_Types].xml": lambda text: text.replace(
            "</Types>",
            '<Override PartName="/word/footer_page.xml" '
            'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/></Types>',
        ),
    }
    with zipfile.ZipFile(path) as archive:
        parts = [(item, archive.read(item)) for item in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for item, content in parts:
            if item.filename in changes:
                content = changes[item.filename](content.decode("utf-8")).encode("utf-8")
            archive.writestr(zipfile.ZipInfo(item.filename, (2000, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("word/footer_page.xml", (2000, 1, 1, 0, 0, 0)), FOOTER, zipfile.ZIP_DEFLATED)


PANDOC = Path(pypandoc.__file__).parent / "files" / ("pandoc.exe" if os.name == "nt" else "pandoc")
MARKDOWN = "markdown+pipe_tables-smart-raw_html-raw_tex-raw_attribute"


def pandoc_arguments(language: str, *, numbered: bool = True) -> list[str]:
    """What every conversion of a manuscript has in common:
    citations, captions, and numbered headings (Chinese marks are set by captions.lua)."""
    # narrow columns: every pipe table takes the text width, columns by their dashes
    # templates of a person's own pandoc folder are not read: data files are the report's, or pandoc's
    common = [
        "--standalone",
        f"--data-dir={paths.REPORT}",
        "--citeproc",
        f"--bibliography={paths.REPORT / 'references.json'}",
        f"--csl={paths.REPORT / 'references.csl'}",
        f"--lua-filter={paths.REPORT / 'captions.lua'}",
        "--wrap=none",
        "--columns=20",
    ]
    return common + (["--number-sections"] if numbered and language != "zh" else [])


def run_pandoc(markdown: str, kind: str, arguments: list[str], output: Path | None = None) -> str:
    """Convert with the pandoc of the environment, whichever others the machine has."""
    os.environ["PYPANDOC_PANDOC"] = str(PANDOC)
    return pypandoc.convert_text(
        markdown,
        to=kind,
        format=MARKDOWN,
        outputfile=str(output) if output else None,
        extra_args=arguments,
        cworkdir=str(paths.ROOT),
    )


def convert(markdown: str, language: str, output: Path, folder: Path, trail: str = "", *, brief: bool = False) -> None:
    """Run pandoc once, and typst for PDF; equal input gives equal bytes. `trail` ends the HTML page;
    `brief` leaves title page and contents out."""
    os.environ["SOURCE_DATE_EPOCH"] = "946684800"
    arguments = [
        *pandoc_arguments(language, numbered=not brief),
        f"--resource-path={paths.ROOT}",
        "--syntax-highlighting=none",
        "--fail-if-warnings",
    ]
    if not brief:
        arguments += [f"--metadata=toc-title:{page_words(language)['report']['contents']}"]
    kind, target = {"html": "html5", "docx": "docx", "pdf": "typst"}[output.suffix[1:]], output
    if kind != "docx":
        # pictures that scale
        markdown = re.sub(r"\((results/[a-z0-9_/-]+)\.png\)", r"(\1.svg)", markdown, flags=re.I)
    if kind == "html5":
        (folder / "trail.html").write_text(trail, encoding="utf-8")
        arguments += [
            f"--include-after-body={folder / 'trail.html'}",
            "--embed-resources",
            f"--css={paths.REPORT / 'report.css'}",
            "--section-divs",
            *([] if brief else ["--toc", "--toc-depth=2"]),
        ]
    elif kind == "docx":
        arguments += [f"--reference-doc={reference_docx(folder, language)}"]
    else:
        markdown = re.sub(
            r"\((results/[a-z0-9_/-]+\.svg)\)", r"(/\1)", markdown, flags=re.I
        )  # typst reads from the root
        target = folder / f"{output.stem}.typ"
        title = re.search(r"^title: (.*)$", markdown, re.M)[1].strip('"')
        arguments += [
            f"--template={paths.REPORT / 'report.typ'}",
            "-V",
            f"title-plain={title}",
            "-V",
            f"typst-lang={language}",
            "-V",
            f"typst-region={'cn' if language == 'zh' else 'gb'}",
            *(["-V", "latin=1"] if language == "en" else []),
            *(["-V", "brief=1"] if brief else []),
        ]
    run_pandoc(markdown, kind, arguments, target)
    if kind == "html5":
        target.write_text(with_policy(target.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    if kind == "docx":
        number_pages(target)
    if kind == "typst":
        typst.compile(
            target,
            output=output,
            root=paths.ROOT,
            font_paths=[font_file().parent],
            ignore_system_fonts=True,
            timestamp=0,
            pdf_standards=["ua-1"],
        )


def build(language: str) -> list[Path]:
    """Build the report in one language; nothing is replaced before everything is built."""
    numbers, said = published(language), catalogue(folders(list(load_params()["analyses"])), language)
    manuscript = Manuscript(paths.REPORT / f"manuscript.{language}.md", numbers, said, language)
    markdown = manuscript.expand()
    trail = trail_html(list(manuscript.used), numbers, language)
    return publish(markdown, language, paths.RESULTS / "report", f"specialty-alignment.{language}", trail)


def publish(
    markdown: str,
    language: str,
    target: Path,
    stem: str,
    trail: str = "",
    *,
    formats: tuple[str, ...] = FORMATS,
    brief: bool = False,
) -> list[Path]:
    """Convert to all formats in a scratch folder, then move them to `target` together."""
    with staging(f"report.{stem}") as scratch:
        made = [scratch / f"{stem}.{suffix}" for suffix in formats]
        for path in made:
            convert(markdown, language, path, scratch, trail, brief=brief)
        for path in made:
            replace(path, target / path.name)
    return [target / path.name for path in made]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.build_report", description="Builds the research report in one language."
    )
    parser.add_argument("--language", default=languages()[0], choices=languages())
    arguments = parser.parse_args(argv)
    try:
        build(arguments.language)
    except DataFault as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(run_sealed(main))
