"""The fault catalogue: single faults drawn with a seed over every file that the workbench reads.

A fault changes one file of a copy of the project; what reads that file is run in this process, and no more.
The answer is one of

- *stopped*: a `DataFault` that names the file;
- *audited*: nothing stops, and the audit judges something differently than without the fault;
- *unchanged*: everything that is read from the file is as it was (a mark of a footnote is set aside, a blank is at the
  end of a line);
- *unseen*: something else is read and nothing says so. Only faults of the kinds in `UNKNOWABLE` may end like this.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import yaml

from analysis.clean.corrections import load_corrections
from analysis.clean.crosswalks import check_crosswalk
from analysis.clean.source import clean_source
from analysis.ground.dictionary import crosswalk_names, entities, families, indicators, words
from analysis.ground.errors import Problems
from analysis.ground.files import languages, read_yaml
from analysis.ground.params import load_params
from analysis.present.findings import findings
from analysis.present.prose import read_catalogue, untranslated
from analysis.present.published import catalogue, folders, joined, numbers_in, read_ledger
from analysis.present.words import line_numbers, load_words, page_words
from analysis.reconcile import audit as auditing
from analysis.reconcile.book import Book
from analysis.reconcile.rules import load_rules
from analysis.reconcile.trail import published
from pipelines.check import check_findings, check_words
from tests.conftest import PROJECT

FOLDERS = ("data", "report")
FILES = ("params.yaml", "dvc.yaml")
PARTNER = "laos"  # whose brief stands for all
UNKNOWABLE = {
    "plausible": (
        "a figure, a word or a row replaced by another that could be true, where no total, relation or repetition "
        "binds it"
    ),
    "wording": "text for readers: a name, a title, a note, a label, the look of the report",
    "declaration": "an optional declaration taken away or moved: a name, a rule, an explanation, a bound of a range",
}


@dataclass(frozen=True)
class Fault:
    """One change of one file; `kind` is a key of `UNKNOWABLE` if no rule may know it, else empty."""

    path: str
    operator: str
    place: str
    content: bytes | None  # None: the file is made something else by `how`
    kind: str = ""
    how: str = ""


# --- operators on tables


def _table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def _written(rows: list[list[str]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
OF_NUMBERS: dict[str, Callable[[str, random.Random], str]] = {
    "mark ①": lambda c, r: f"{c}①",
    "mark ²": lambda c, r: f"{c}²",
    "second paragraph": lambda c, r: f"{c}\n12",
    "second number": lambda c, r: f"{c} 5291",
    "letter O": lambda c, r: f"{c[:-1]}O",
    "nines": lambda c, r: "9" * 5000,
    "inf": lambda c, r: "inf",
    "nan": lambda c, r: "NaN",
    "emptied": lambda c, r: "",
    "slash": lambda c, r: "/",
    "dashes": lambda c, r: "--",
    "negative": lambda c, r: f"-{c}",
    "two points": lambda c, r: f"{c}.1.2",
    "words": lambda c, r: "若干",
    "exponent": lambda c, r: f"{c}e3",
    "other digits": lambda c, r: c.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "thousandth": lambda c, r: f"{float(c) / 1000:.6f}".rstrip("0") if float(c) else "0.001",
    "hundredfold": lambda c, r: f"{float(c) * 100 or 700:.10g}",
    "another digit": lambda c, r: _digit(c, r),
    "digits exchanged": lambda c, r: _exchanged(c),
    "200,000 characters": lambda c, r: "7" * 200_000,
}
PLAUSIBLE_NUMBERS = {"another digit", "digits exchanged", "hundredfold", "thousandth"}
OF_WORDS: dict[str, Callable[[str, random.Random], str]] = {
    "misspelt": lambda c, r: _misspelt(c, r),
    "emptied": lambda c, r: "",
    "script": lambda c, r: "<script>alert(1)</script>",
    "unknown": lambda c, r: "neverheardof",
    "200,000 characters": lambda c, r: "字" * 200_000,
    "control character": lambda c, r: f"{c}\x07",
}


def _digit(cell: str, draw: random.Random) -> str:
    place = draw.choice([i for i, c in enumerate(cell) if c.isdigit()])
    return f"{cell[:place]}{(int(cell[place]) + draw.randint(1, 8)) % 10 or 1}{cell[place + 1 :]}"


def _exchanged(cell: str) -> str:
    found = re.search(r"([0-9])(?!\1)([0-9])", cell)
    return cell[: found.start()] + found[2] + found[1] + cell[found.end() :] if found else f"{cell}3"


def _misspelt(cell: str, draw: random.Random) -> str:
    place = draw.randrange(len(cell))
    return f"{cell[:place]}{'q' if cell[place] != 'q' else 'z'}{cell[place + 1 :]}"


FREE_COLUMNS = {
    "note",
    "item",
    "title",
    "body",
    "basis",
    "name_zh",
    "name_en",
    "zh",
    "en",
    "field",
    "specialty",
    "industry",
    "college",
    "partner",
    "catalogue",
}  # of words that may be others
FREE_CODES = {
    "qualifier",
    "grade",
    "kind",
    "entity",
    "indicator",
    "period",
    "year",
    "place",
    "group",
    "scope",
    "section",
    "sector",
    "chain",
    "strict",
    "loose",
    "published",
    "divisions",
    "lower",
    "upper",
    "loose_lower",
    "loose_upper",
    "country_zh",
    "country_en",
    "category",
}  # exchanged for another valid one


def of_table(path: str, text: str, draw: random.Random) -> Iterator[Fault]:
    """Single faults of a CSV, one of each operator."""
    rows = _table(text)
    raw = Path(path).name.startswith("table_")
    body = [i for i in range(1, len(rows)) if not raw or rows[i][0] != "header"]

    def changed(row: int, column: int, cell: str) -> bytes:
        copy = [list(r) for r in rows]
        copy[row][column] = cell
        return _written(copy)

    first = 2 if raw else 0
    numeric = [
        (i, j)
        for i in body
        for j in range(first, len(rows[i]))
        if NUMBER.fullmatch(rows[i][j])
        and (raw or rows[0][j] in {"value", "line", "year", "lower", "upper", "category", "strict", "loose"})
    ]
    written = [
        (i, j)
        for i in body
        for j in range(first, len(rows[i]))
        if rows[i][j].strip() and not NUMBER.fullmatch(rows[i][j])
    ]
    for name, change in OF_NUMBERS.items():
        if numeric:
            i, j = draw.choice(numeric)
            free = name in PLAUSIBLE_NUMBERS and (raw or rows[0][j] not in {"category"})
            yield Fault(
                path, f"cell: {name}", f"{i},{j}", changed(i, j, change(rows[i][j], draw)), "plausible" if free else ""
            )
    for name, change in OF_WORDS.items():
        if written:
            i, j = draw.choice(written)
            column = rows[0][j]
            free = raw or column in FREE_COLUMNS
            kind = (
                (
                    "wording"
                    if column in {"note", "title", "body", "basis", "zh", "en", "name_zh", "name_en"}
                    else "plausible"
                )
                if free and name in {"misspelt", "emptied", "script", "unknown"}
                else ""
            )
            yield Fault(path, f"word: {name}", f"{i},{j} ({column})", changed(i, j, change(rows[i][j], draw)), kind)
    for column, forms in {
        "period": ("2025/2023", "9999", "2023-02-31", "２０２３", "2023-13"),
        "published": ("2099-99", "gestern", "2023-02-30"),
        "year": ("0000", "32", "2299"),
        "unit": ("头",),
        "grade": ("A+",),
        "qualifier": ("exactly",),
        "indicator": ("studnets",),
        "entity": ("liuzou",),
        "place": ("liuzou",),
        "group": ("secondry",),
        "line": ("-5", "abc", "²", "0"),
        "kind": ("recrod",),
        "fact_id": ("", "x"),
        "figure_id": ("",),
        "section": ("", "Z9"),
        "partner": ("某某国",),
        "source_id": ("elsewhere",),
        "raw": ("", "若干", "1"),
        "c1": ("99",),
    }.items():
        if column in rows[0]:
            j = rows[0].index(column)
            form, i = draw.choice(forms), draw.choice(body)
            if (
                rows[i][j] == form
                or (raw and column == "c1" and not rows[i][j].strip().isdigit())
                or (raw and column not in {"kind", "line", "c1"})
            ):
                continue
            of_word = (
                column in {"raw"}
                and form == "1"
                or column == "section"
                and "crosswalks" not in path
                and form == "Z9"
                and False
            )
            yield Fault(
                path,
                f"type of {column}: {form or 'emptied'}",
                f"{i},{j}",
                changed(i, j, form),
                "plausible" if of_word else "",
            )
    for j, column in enumerate(rows[0]):
        values = sorted({rows[i][j] for i in body})
        if column in FREE_CODES and not raw and len(values) > 1 and draw.random() < 0.3:
            i = draw.choice(body)
            yield Fault(
                path,
                f"another {column}",
                f"{i},{j}",
                changed(i, j, draw.choice([v for v in values if v != rows[i][j]])),
                "plausible",
            )
    i = draw.choice(body)
    yield Fault(
        path, "row: taken out", f"{i}", _written(rows[:i] + rows[i + 1 :]), "plausible" if "crosswalks" in path else ""
    )
    yield Fault(path, "row: doubled", f"{i}", _written(rows[: i + 1] + rows[i:]))
    yield Fault(path, "row: cell too many", f"{i}", _written(rows[:i] + [[*rows[i], "1"]] + rows[i + 1 :]))
    yield Fault(path, "row: cell too few", f"{i}", _written(rows[:i] + [rows[i][:-1]] + rows[i + 1 :]))
    if len(body) > 1:
        a, b = draw.sample(body, 2)
        order = list(rows)
        order[a], order[b] = order[b], order[a]
        yield Fault(path, "order: two rows exchanged", f"{a},{b}", _written(order), "" if raw else "declaration")
        cells = [j for j in range(first, len(rows[0])) if rows[a][j] != rows[b][j]]
        if cells:
            j = draw.choice(cells)
            copy = [list(r) for r in rows]
            copy[a][j], copy[b][j] = copy[b][j], copy[a][j]
            yield Fault(path, "swap: one cell of two rows", f"{a},{b},{j}", _written(copy), "plausible")
    if raw and rows[-1][0] == "aggregate":
        yield Fault(path, "closing row: taken out", "", _written(rows[:-1]))
        yield Fault(path, "closing row: doubled", "", _written([*rows, rows[-1]]))
        yield Fault(path, "closing row: marked as a record", "", changed(len(rows) - 1, 0, "record"))
    columns = list(range(first, len(rows[0])))
    if len(columns) > 1:
        a, b = draw.sample(columns, 2)
        copy = [list(r) for r in rows]
        for i in body:
            copy[i][a], copy[i][b] = copy[i][b], copy[i][a]
        yield Fault(
            path,
            "column: values exchanged",
            f"{a},{b}",
            _written(copy),
            "plausible" if raw or {rows[0][a], rows[0][b]} <= FREE_COLUMNS | FREE_CODES else "",
        )
        copy = [list(r) for r in rows]
        header = range(1, body[0]) if raw else range(1)
        for i in header:
            copy[i][a], copy[i][b] = copy[i][b], copy[i][a]
        yield Fault(path, "header: two names exchanged", f"{a},{b}", _written(copy), "" if raw else "plausible")
    j = draw.choice(columns)
    yield Fault(path, "column: taken out", f"{j}", _written([r[:j] + r[j + 1 :] for r in rows]))
    yield Fault(path, "column: doubled", f"{j}", _written([r[: j + 1] + r[j:] for r in rows]))
    yield Fault(path, "header: misspelt", f"{j}", changed(0, j, f"{rows[0][j]}q"))


# --- operators on YAML


def _leaves(content, steps=()) -> Iterator[tuple[tuple, object]]:
    yield steps, content
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for step, inner in items:
        yield from _leaves(inner, (*steps, step))


def _with(content, steps: tuple, change: Callable):
    """A copy in which the holder of the last step was changed."""
    copy = json.loads(json.dumps(content)) if not steps else yaml.safe_load(yaml.safe_dump(content, allow_unicode=True))
    holder = copy
    for step in steps[:-1]:
        holder = holder[step]
    change(holder, steps[-1])
    return copy


def _set(value) -> Callable:
    def change(holder, step):
        holder[step] = value

    return change


def _renamed(holder, step):
    holder[f"{step}q" if isinstance(step, str) else step] = holder.pop(step)


def _removed(holder, step):
    del holder[step]


WORDING = {
    "zh",
    "en",
    "title",
    "short_title",
    "short",
    "names",
    "definition",
    "definition_zh",
    "note",
    "reason",
    "otherwise",
    "how_read",
    "body",
    "hint",
    "label",
    "office",
    "meaning",
    "name",
    "header",
}
OPTIONAL = {
    "from",
    "to",
    "part_of",
    "ownership",
    "where",
    "or",
    "note",
    "otherwise",
    "tolerance",
    "tolerance_pct",
    "up_to_pct",
    "at",
    "document",
    "sha256",
    "rows",
    "missing",
    "fill",
    "definition_zh",
    "direction",
    "range",
    "kind",
    "expect",
    "printed",
    "key",
    "totals",
    "required",
    "unit",
    "choices",
    "file",
    "table",
    "encoding",
    "aggregate",
}


def of_yaml(path: str, text: str, draw: random.Random) -> Iterator[Fault]:
    """Single faults of a YAML file, one of each operator."""
    content = yaml.safe_load(text)
    leaves = [(steps, value) for steps, value in _leaves(content) if steps]
    free = Path(path).name in {"labels.yaml", "pages.yaml"}

    def dumped(changed) -> bytes:
        return yaml.safe_dump(changed, allow_unicode=True, sort_keys=False, width=10_000).encode()

    def kind_of(steps: tuple, otherwise: str = "") -> str:
        return "wording" if free or any(s in WORDING for s in steps) else otherwise

    keyed = [(s, v) for s, v in leaves if isinstance(s[-1], str)]
    texts = [(s, v) for s, v in leaves if isinstance(v, str) and v]
    numbers = [(s, v) for s, v in leaves if isinstance(v, (int, float)) and not isinstance(v, bool)]
    s, v = draw.choice(keyed)
    top = len(s) == 1
    yield Fault(
        path,
        "key: misspelt",
        "/".join(map(str, s)),
        dumped(_with(content, s, _renamed)),
        kind_of(
            s,
            "declaration"
            if top or "claims" in path or s[0] in {"printed", "rows"}
            else "declaration"
            if any(
                x
                in {
                    "printed",
                    "where",
                    "weights",
                    "without_parts",
                    "ratios",
                    "sums",
                    "choices",
                    "columns",
                    "figures",
                    "lists",
                    "jumps",
                }
                for x in s
            )
            else "",
        ),
    )
    s, v = draw.choice(keyed)
    yield Fault(
        path, "key: taken out", "/".join(map(str, s)), dumped(_with(content, s, _removed)), kind_of(s, "declaration")
    )
    line = draw.choice([i for i, x in enumerate(text.split("\n")) if re.match(r"[\w\"'-]+:", x)])
    lines = text.split("\n")
    yield Fault(
        path, "key: doubled", f"line {line + 1}", "\n".join([*lines, lines[line].split(":")[0] + ": 1"]).encode()
    )
    for name, value in (("list", [1]), ("mapping", {"x": 1}), ("null", None), ("true", True), ("number", 7.5)):
        s, v = draw.choice(texts)
        yield Fault(
            path,
            f"type: {name} for text",
            "/".join(map(str, s)),
            dumped(_with(content, s, _set(value))),
            "declaration" if name == "null" and s[-1] in OPTIONAL else "",
        )
    if numbers:
        for name, value in (("text", "x"), ("negative", -5), ("huge", 10**15), ("nan", float("nan")), ("true", True)):
            s, v = draw.choice(numbers)
            yield Fault(
                path,
                f"number: {name}",
                "/".join(map(str, s)),
                dumped(_with(content, s, _set(value))),
                "declaration" if any(x in OPTIONAL | {"range"} for x in s) and name in {"negative", "huge"} else "",
            )
    s, v = draw.choice(texts)
    yield Fault(
        path,
        "word: misspelt",
        "/".join(map(str, s)),
        dumped(_with(content, s, _set(_misspelt(v, draw)))),
        kind_of(
            s,
            "declaration"
            if any(
                x in {"item", "sha256", "published", "document", "use", "honour", "printed", "closes", "opens"}
                for x in s
            )
            else "",
        ),
    )
    s, v = draw.choice(texts)
    yield Fault(path, "word: emptied", "/".join(map(str, s)), dumped(_with(content, s, _set(""))), kind_of(s))
    codes = [
        (s, v)
        for s, v in texts
        if re.fullmatch(r"[A-Za-z_0-9.<=>() +*/\[\]\"'-]+", v) and not any(x in WORDING for x in s)
    ]
    if codes:
        s, v = draw.choice(codes)
        yield Fault(
            path,
            "reference: unknown",
            "/".join(map(str, s)),
            dumped(_with(content, s, _set("neverheardof"))),
            "declaration" if any(x in {"sha256", "document", "item", "version"} for x in s) else "",
        )
        s, v = draw.choice(codes)
        others = [w for t, w in codes if t[-1] == s[-1] and w != v]
        if others:
            yield Fault(
                path,
                "reference: another",
                "/".join(map(str, s)),
                dumped(_with(content, s, _set(draw.choice(others)))),
                "plausible",
            )
    lists = [(s, v) for s, v in leaves if isinstance(v, list) and v]
    if lists:
        s, v = draw.choice(lists)
        yield Fault(
            path, "list: emptied", "/".join(map(str, s)), dumped(_with(content, s, _set([]))), kind_of(s, "declaration")
        )
        s, v = draw.choice(lists)
        yield Fault(
            path,
            "list: doubled item",
            "/".join(map(str, s)),
            dumped(_with(content, s, _set([*v, v[-1]]))),
            kind_of(s, "declaration"),
        )
        two = [(s, v) for s, v in lists if len(v) > 1 and v[0] != v[-1]]
        if two:
            s, v = draw.choice(two)
            yield Fault(
                path,
                "list: order",
                "/".join(map(str, s)),
                dumped(_with(content, s, _set(v[::-1]))),
                kind_of(s, "" if s[-1] == "range" else "declaration"),
            )
    yield Fault(path, "key that is a list", "", f"? [a, b]\n: 1\n{text}".encode())
    yield Fault(path, "list at top level", "", dumped([content]))
    yield Fault(path, "number with two readings", "", (text + "\nzz: 020231\n").encode())
    yield Fault(path, "no YAML", "", (text + "\n}{: [\n").encode())
    yield Fault(path, "unknown key", "", (text + "\nneverheardof: 1\n").encode())


# --- operators on files


def of_file(path: str, text: str, draw: random.Random) -> Iterator[Fault]:
    """A file that is not what it should be."""
    content = text.encode()
    look = Path(path).suffix in {".css", ".typ", ".lua", ".csl", ".j2", ".md", ".json"}
    yield Fault(path, "file: empty", "", b"")
    yield Fault(path, "file: missing", "", None, how="missing")
    yield Fault(path, "file: a folder", "", None, how="folder")
    yield Fault(path, "file: a pipe", "", None, how="pipe")
    yield Fault(path, "encoding: UTF-16", "", text.encode("utf-16"))
    if not text.isascii():
        yield Fault(path, "encoding: GBK", "", text.encode("gb18030"))
    yield Fault(path, "encoding: cut in a letter", "", "柳".encode()[:2] + content)
    yield Fault(
        path,
        "file: cut",
        "",
        content[: len(content) // 2] if not look else b"",
        # of a crosswalk rows are lost, as when one is taken out
        kind="declaration" if path.endswith(".yaml") else "plausible" if "crosswalks" in path else "",
    )
    if not look:
        yield Fault(
            path,
            "lines: CR only",
            "",
            text.replace("\n", "\r").encode(),
            kind="" if path.endswith(".csv") else "declaration",
        )
    yield Fault(path, "lines: CRLF", "", text.replace("\n", "\r\n").encode(), kind="wording" if look else "")
    yield Fault(path, "encoding: byte order mark", "", b"\xef\xbb\xbf" + content, kind="wording" if look else "")


def of_manuscript(path: str, text: str, draw: random.Random) -> Iterator[Fault]:
    """A bound number misspelt, a digit typed, a citation of nothing, a word changed."""
    bound = re.findall(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}", text)
    if bound:
        name = draw.choice(bound)
        yield Fault(path, "manuscript: unknown number", name, text.replace(name, f"{name}q", 1).encode())
    yield Fault(path, "manuscript: typed digit", "", (text + "\n\n其中57人。\n").encode())
    yield Fault(path, "manuscript: citation of nothing", "", (text + "\n\n[@nobody1900]\n").encode())
    yield Fault(path, "manuscript: a word more", "", (text + "\n\n又。\n").encode(), "wording")


def faults_of(path: str, content: bytes, draw: random.Random) -> list[Fault]:
    """Single faults of one file by its form."""
    text = content.decode("utf-8")
    found = list(of_file(path, text, draw))
    if path.endswith(".csv"):
        found += of_table(path, text, draw)
    elif path.endswith(".yaml"):
        found += of_yaml(path, text, draw)
    elif path.endswith(".md"):
        found += of_manuscript(path, text, draw)
    if path.startswith("data/words/"):
        found = [replace(fault, kind=fault.kind or _of_words(fault)) for fault in found]
    return [fault for fault in found if fault.content != content]


def _of_words(fault: Fault) -> str:
    """Kind of a fault in the words of a notebook: texts are wording; how many decimals, which rows, is declared
    nowhere else.
    """
    steps = set(fault.place.split("/"))
    if steps & {
        "title",
        "scope",
        "units",
        "source",
        "alt",
        "words",
        "label",
        "formula",
        "text",
        "between",
        "all",
        "none",
    }:
        return "wording" if fault.operator.startswith(("word:", "reference:", "swap")) else ""
    if fault.operator in {"number: negative", "number: huge"} or steps & {
        "say",
        "head",
        "where",
        "unit",
        "values",
        "columns",
    }:
        return "declaration"
    return ""


# --- the workspace and what reads its files


AXES = {
    "plot_dots": ["xlabel"],
    "plot_bands": ["xlabel", "ylabel"],
    "plot_slopes": ["xlabel", "ylabel"],
    "plot_differences": ["xlabel"],
    "plot_specification": ["ylabel"],
    "plot_parts": ["xlabel"],
    "plot_timeline": ["xlabel"],
}


def drawn_words(figure: dict) -> set[str]:
    """Keys of the words that a figure of a ledger draws: its axes, series, parts and lines."""
    options = figure["options"]
    keys = {*AXES.get(figure["draw"].rpartition(".")[2], []), *(one["name"] for one in options.get("series", []))}
    for part in ("parts", "bands", "colours", "columns"):
        keys |= set(options[part]) if isinstance(options.get(part), dict) else set()
    return keys


def files() -> list[str]:
    """Every file that people write and the workbench reads."""
    found = [
        path.relative_to(PROJECT).as_posix()
        for folder in FOLDERS
        for path in sorted((PROJECT / folder).rglob("*"))
        if path.is_file() and not {"interim", "processed"} & set(path.parts)
        if path.parent.name != "messages"  # said of faults, enters no result; make check compares it
    ]
    return [*found, *FILES]


def copy_project(folder: Path) -> None:
    """What the readers need."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    for name in ("notebooks", "pipelines", "src", "docs"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.lock", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(PROJECT / name, folder / name)
    (folder / "results").mkdir(exist_ok=True)
    shutil.copy(PROJECT / "results/numbers.json", folder / "results/numbers.json")
    for name in [
        *yaml.safe_load((PROJECT / "params.yaml").read_text(encoding="utf-8"))["analyses"],
        f"country_brief/{PARTNER}",
    ]:
        shutil.copytree(
            PROJECT / "results" / name,
            folder / "results" / name,
            ignore=shutil.ignore_patterns("*.html", "*.ipynb", "*.png"),
        )


class Reader:
    """Reads a file as the workbench does, and says what it read: `state` can be compared,
    `verdicts` are those of the audit."""

    def __init__(self, root: Path):
        self.root = root
        self._kept: dict[tuple, object] = {}

    def forget(self) -> None:
        caches = [indicators, entities, families, words, crosswalk_names, languages, load_words, line_numbers]
        for cached in (*caches, page_words, findings):
            cached.cache_clear()

    def state(self, path: str) -> tuple[object, Callable[[], dict[str, str]] | None]:
        """What is read from a file, and how the audit of it is made (None where no audit reads it)."""
        parts = Path(path).parts
        match parts:
            case ("params.yaml",):
                return {k: v if isinstance(v, (list, dict)) else vars(v) for k, v in load_params().items()}, None
            case ("dvc.yaml",):
                from pipelines.check import check_workspace
                from pipelines.graph import stages

                check_workspace()
                return stages(), None
            case ("report", name):
                return self._report(name), None
            case ("data", "crosswalks", name):
                problems = Problems()
                check_crosswalk(Path(name).stem, problems)
                problems.stop()
                state = (self.root / path).read_text(encoding="utf-8-sig").replace("\r\n", "\n")
                if name in {"partner_to_country.csv", "cooperation_kinds.csv"}:
                    self.clean("liuzhou-2023")
                if name == "statistic_classes.csv":
                    self.clean("demand")
                return state, None
            case ("data", "raw", source, name):
                clean = self.clean(source)
                # formulas are read by the audit alone
                claims = self.root / "data/raw" / source / "claims.yaml"
                said = read_yaml(claims) if name == "claims.yaml" or claims.exists() else None
                return [self._cleaned(clean), said], (lambda: self.audit(clean)) if clean.facts is not None else None
            case ("data", "words", "prose", language, name):
                known, problems = read_catalogue(self.root / path, language), Problems()
                untranslated(language, problems)
                problems.stop()
                return known, None
            case ("data", "words", "findings", _):
                problems = Problems()
                check_findings(load_params(), problems)
                names = {n: name for name, one in findings().items() for n in one.numbers("en")}
                for number in sorted(names.keys() - published("en").keys()):
                    problems.add(path, f"{number} is not published", "Correct the name", row=names[number])
                problems.stop()
                return [repr(findings()), self._report("manuscript.en.md")], None
            case ("data", "words", "labels.yaml"):
                return words(), None
            case ("data", "words", "pages.yaml"):
                return [page_words(language) for language in languages()], None
            case ("data", "words", name) if name.endswith(".yaml"):
                problems = Problems()
                check_words(Path(name).stem, load_params(), problems)
                problems.stop()
                self._cells_exist(Path(name).stem, problems)
                problems.stop()
                return repr(load_words(Path(name).stem)), None
            case ("data", "collection.yaml"):
                from analysis.collect.form import load_collection

                return repr(load_collection(2024).lists) + repr(load_collection(2024).tables), None
            case ("data", "corrections.yaml"):
                load_corrections()
                cleans = [self.clean("liuzhou-2023"), self.clean("liuzhou-2019")]
                return [[self._cleaned(c) for c in cleans], load_corrections()], lambda: self.audit(cleans[0])
            case ("data", "identities.yaml"):
                clean = self.clean("liuzhou-2023")
                self.audit(clean)
                return read_yaml(self.root / path), lambda: self.audit(clean)
            case ("data", _):
                indicators(), entities()
                clean = self.clean("liuzhou-2023")
                self.clean("demand")
                return [indicators(), entities(), self._cleaned(clean)], lambda: self.audit(clean)
        raise LookupError(f"nothing of the catalogue reads {path}")

    def _report(self, name: str) -> object:
        from pipelines.build_report import Manuscript
        from pipelines.check import check_report

        problems = Problems()
        check_report(("zh", "en"), problems)
        problems.stop()
        text = (self.root / "report" / name).read_text(encoding="utf-8")
        if name.startswith("manuscript"):
            language = name.split(".")[1]
            said = catalogue(folders(list(load_params()["analyses"])), language)
            return Manuscript(self.root / "report" / name, published(language), said, language).expand()
        if name.startswith("brief"):
            language = name.split(".")[1]
            folder = self.root / "results/country_brief" / PARTNER
            numbers = numbers_in(joined(read_ledger(folder)), language)
            said = catalogue({"country_brief": folder}, language)
            return Manuscript(
                self.root / "report" / name, numbers, said, language, text.replace("@@COUNTRY@@", "X")
            ).expand()
        return text

    def _cells_exist(self, section: str, problems: Problems) -> None:
        """What the notebook says when it publishes: columns that its tables do not have, rows that are not there."""
        folder = self.root / "results" / section / (PARTNER if section == "country_brief" else "")
        ledger, words = read_ledger(folder), load_words(section)
        published = ledger["tables"]
        for name, figure in ledger["figures"].items():
            said = set(words.figures[name].words) if name in words.figures else set()
            for key in sorted(drawn_words(figure) - said):
                problems.add(f"data/words/{section}.yaml", f"says nothing for {key!r}", "Add it under words", row=name)
        wanted = [(name, column) for name, table in words.tables.items() for column in table.columns]
        for figure in [*words.figures.values(), *words.tables.values()]:
            wanted += [
                (v.table, c) for v in figure.values.values() for c in (v.column, *v.where, *(["name"] * bool(v.row)))
            ]
            wanted += [(one.table, column) for one in figure.lists.values() for column in one.where]
        for number in words.numbers.values():
            columns = [*(number.columns or [number.column or "value"]), *number.where, *(["name"] * bool(number.row))]
            wanted += [
                (number.table, c) for c in [*columns, *([number.digits] if isinstance(number.digits, str) else [])]
            ]
            for name in re.findall(r"\{(\w+)\}", number.as_printed):
                wanted.append((number.table, name))
        for table, column in wanted:
            if column not in published.get(table, {}).get("columns", ()):
                problems.add(f"data/words/{section}.yaml", f"{table} has no column {column!r}", "Correct it", row=table)
        for pattern, number in words.numbers.items():
            if number.row:
                names = pd.read_csv(folder / f"tables/{number.table}.csv", dtype=str, keep_default_na=False)["name"]
                if number.row not in set(names):
                    problems.add(f"data/words/{section}.yaml", f"no row {number.row!r}", "Correct it", row=pattern)

    def clean(self, source: str):
        return clean_source(source)

    @staticmethod
    def _cleaned(clean) -> dict[str, object]:
        frames = {"observations": clean.observations, "facts": clean.facts, "figures": clean.figures, **clean.records}
        return {
            name: frame.drop(columns=[c for c in ("raw", "entity_raw") if c in frame]).to_csv()
            for name, frame in frames.items()
            if frame is not None
        } | {"about": json.dumps(clean.about, default=str, sort_keys=True)}

    @staticmethod
    def audit(clean) -> dict[str, str]:
        """Verdict of every check, without the search for explanations."""
        empty = pd.DataFrame(
            columns=[
                "value",
                "value_printed",
                "entity",
                "tier",
                "indicator",
                "year",
                "table_id",
                "aggregate_rule",
                "raw",
            ]
        )
        cells = clean.observations if clean.observations is not None else empty
        book = Book(cells, clean.facts, clean.records, entities(), indicators(), clean.about.get("covers", ""))
        checks = auditing.audit(clean.source_id, cells, book, book, load_rules(clean.source_id, book))
        return dict(zip(checks["check_id"], checks["verdict"]))


def kept(function: Callable, key: Callable[..., tuple], copy: Callable) -> Callable:
    """The function with a memory for files that have not changed; a call that notes a problem is not kept."""
    memory: dict[tuple, object] = {}

    def call(*arguments, **named):
        problems = next((a for a in arguments if isinstance(a, Problems)), None)
        before = len(problems) if problems is not None else 0
        known = key(*arguments)
        if known not in memory:
            result = function(*arguments, **named)
            if problems is not None and len(problems) > before:
                return result
            memory[known] = result
        return copy(memory[known])

    return call


def apply(fault: Fault, root: Path) -> None:
    """Make the fault."""
    target = root / fault.path
    if fault.content is not None:
        target.write_bytes(fault.content)
        return
    target.unlink()
    if fault.how == "folder":
        target.mkdir()
    elif fault.how == "pipe":
        os.mkfifo(target)


def undo(fault: Fault, root: Path, content: bytes) -> None:
    """Take it back."""
    target = root / fault.path
    if target.is_dir():
        target.rmdir()
    elif fault.how == "pipe":
        target.unlink()
    target.write_bytes(content)
