"""A confirmed reading as a source: ``data/raw/<source>``, and what the workspace's own files have to say of it. All is
written, cleaned as a trial, and taken back if cleaning finds a fault."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString as Quoted

from analysis.clean.corrections import KEY
from analysis.clean.source import CleanSource, clean_source
from analysis.ground import dictionary, paths
from analysis.ground.errors import Problems
from analysis.ground.files import languages
from analysis.ground.messages import say
from analysis.ground.numerals import fold, is_missing
from analysis.ground.outgoing import csv_text
from analysis.intake.study import Key, Question, Reading, ReadTable
from analysis.intake.words import closing_label

INTAKE = paths.DATA / "intake"  # questions and answers, one file a source
DECIDED = {"zh": "录入时逐项确认", "en": "confirmed when the document was read"}  # why a cell is corrected
ANSWERS = ["answer", "kind", "printed", "proposed", "score", "evidence", "where"]


def answers_file(source: str) -> Path:
    return INTAKE / f"{source}.csv"


def figures_file(source: str) -> Path:
    return INTAKE / f"{source}.prose.csv"


def confirmed_rows(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Rows of a file that a person fills in; a file that is not there has none.

    Raises
    ------
    DataFault
        where the columns are not those that were written.
    """
    if not path.exists():
        return []
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # as a spreadsheet of a Chinese Windows saves it
        text = content.decode("gb18030", errors="replace")
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if any(row)]
    problems, file = Problems(), paths.shown(path)
    missing = [column for column in columns if rows and column not in rows[0]]
    if missing:
        problems.add(file, f"lacks the columns {', '.join(missing)}", "Restore the first row", row="1")
    problems.stop()
    return [dict.fromkeys(columns, "") | dict(zip(rows[0], row)) for row in rows[1:]]


def read_answers(path: Path) -> dict[Key, dict[str, str]]:
    """Rows of the file of answers by the key of their question."""
    entries = confirmed_rows(path, ANSWERS)
    return {Question(e["kind"], e["where"], e["printed"], "", 0.0, "").key: e for e in entries}


def answers_csv(reading: Reading, before: Mapping[Key, dict[str, str]]) -> str:
    """Questions with their answers, open ones first; an answer to what is no longer asked stays on record."""
    rows = []
    for question in reading.questions:
        said = [question.kind, question.printed, question.proposed, f"{question.score:.2f}"]
        evidence = say(question.evidence, languages()[0])
        if evidence == question.evidence:  # several reasons
            evidence = "; ".join(say(part, languages()[0]) for part in question.evidence.split("; "))
        rows.append([reading.answers.get(question.key, ""), *said, evidence, question.where])
    asked = {question.key for question in reading.questions}
    rows += [
        [entry[column] for column in ANSWERS]
        for key, entry in before.items()
        if key not in asked and entry["answer"].strip()
    ]
    return "\ufeff" + csv_text([ANSWERS, *sorted(rows, key=lambda row: bool(row[0].strip()))])


def table_rows(table: ReadTable) -> list[list[str]]:
    """Kind, line and cells of a table as ``table_<id>.csv`` holds them."""
    order = next((i for i, c in enumerate(table.columns) if c.role == "order"), None)
    entity = table.entity_column()
    omitted = {i for i, c in enumerate(table.columns) if c.role == "omit"}
    rows: list[list[str]] = []
    places = [*table.shape.head_places, *(line.place for line in table.entering())]
    numbers = _increasing(places)
    for texts in table.shape.head:
        rows.append(["header", *texts])
    for line in table.entering():
        cells = ["" if i in omitted else text for i, text in enumerate(line.cells)]
        if line.kind == "closing" and entity is not None:
            label = closing_label(cells)
            at = cells.index(label)
            if at != entity:
                cells[at], cells[entity] = "", label
            if order is not None and order != entity:
                cells[order] = ""
        rows.append(["aggregate" if line.kind == "closing" else "record", *cells])
    for row in rows[: len(table.shape.head)]:
        row[1:] = ["" if i in omitted else text for i, text in enumerate(row[1:])]
    return [[kind, str(n), *cells] for n, (kind, *cells) in zip(numbers, rows, strict=True)]


def _increasing(places: list[str]) -> list[int]:
    """Numbers of lines where the document has them, and where it has not a count that keeps the order."""
    numbers, last = [], 0
    for place in places:
        found = re.fullmatch(r"line ([0-9]+)", place)
        last = max(last + 1, int(found[1])) if found else last + 1
        numbers.append(last)
    return numbers


def layout_entry(table: ReadTable) -> dict[str, Any]:
    """What ``layout.yaml`` says of a table."""
    entry: dict[str, Any] = {"title": _short_title(table)}
    if table.name:
        entry["name"] = table.name
    entry["header_rows"] = len(table.shape.head)
    if table.rule:
        label = fold(closing_label(next(line.cells for line in table.shape.lines if line.kind == "closing")))
        entry["aggregate"] = {"label": label, "rule": table.rule} | (
            {"entity": table.closing_entity} if table.closing_entity else {}
        )
    columns = []
    for column in table.columns:
        one: dict[str, Any] = {"header": [fold(part) for part in column.path] or [""]}
        if column.role == "value":
            one |= {"indicator": column.indicator, "year": column.year} | ({"unit": column.unit} if column.unit else {})
        else:
            one["role"] = column.role
            if column.role == "field":
                one["name"] = column.name
        if column.fill:
            one["fill"] = "down"
        columns.append(one)
    return entry | {"columns": columns}


def _short_title(table: ReadTable) -> str:
    return " ".join(table.title.split()) or table.table_id


def _flow(value: Any) -> Any:
    """A value written on one line."""
    if isinstance(value, Mapping):
        made = CommentedMap((k, _flow(v)) for k, v in value.items())
        made.fa.set_flow_style()
        return made
    if isinstance(value, list):
        listed = CommentedSeq(_flow(v) for v in value)
        listed.fa.set_flow_style()
        return listed
    return value


def yaml_text(content: Any, head: str = "") -> str:
    """YAML as the workspace writes it: every comment and line of what was read stays."""
    writer = YAML()
    writer.preserve_quotes = True
    writer.width = 1_000_000
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.representer.add_representer(type(None), lambda r, _: r.represent_scalar("tag:yaml.org,2002:null", "null"))
    buffer = io.StringIO()
    writer.dump(content, buffer)
    return head + buffer.getvalue()


def _loaded(path: Path) -> Any:
    reader = YAML()
    reader.preserve_quotes = True
    return reader.load(path.read_text(encoding="utf-8"))


def deliver(reading: Reading, source: str, about: dict[str, Any], more: dict[Path, str | None]) -> CleanSource:
    """Write a reading without open questions as a source.

    Parameters
    ----------
    about : dict
        what ``source.yaml`` says beside what is counted here.
    more : dict of Path to str or None
        further files that belong to it: questions and answers, figures of the prose; None takes a file away.

    Raises
    ------
    DataFault
        with what cleaning finds; every file is then as it was.
    """
    files = _files(reading, source, about, more) | {path: text for path, text in more.items() if text is not None}
    folder = paths.RAW / source
    gone = [p for p in folder.glob("table_*.csv") if p not in files] + [p for p, text in more.items() if text is None]
    before = {path: path.read_bytes() if path.exists() else None for path in [*files, *gone]}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if before[path] != text.encode():
                write_new(path, text.encode())
        for path in gone:
            path.unlink()
        _forget()
        return clean_source(source)
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                write_new(path, content)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        _forget()
        raise


def write_new(path: Path, content: bytes) -> None:
    """Write beside a file, then take its place: what was there is whole or gone."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _forget() -> None:
    """What was read of the declarations is read anew."""
    dictionary.entities.cache_clear()
    dictionary.indicators.cache_clear()


def _files(reading: Reading, source: str, about: dict[str, Any], more: dict[Path, str | None]) -> dict[Path, str]:
    folder, files = paths.RAW / source, {}
    tables = [t for t in reading.tables if not t.left_out]
    rows, missing = {}, {}
    layout = CommentedMap()
    for table in tables:
        printed = table_rows(table)
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["kind", "line", *(f"c{i}" for i in range(1, table.shape.width + 1))])
        writer.writerows(printed)
        files[folder / f"table_{table.table_id}.csv"] = buffer.getvalue()
        rows[f"table_{table.table_id}"] = len(printed) - len(table.shape.head)
        values = [i for i, c in enumerate(table.columns) if c.role == "value"]
        order = next((2 + i for i, c in enumerate(table.columns) if c.role == "order"), None)
        own = [
            row
            for row in printed
            if row[0] == "aggregate" or row[0] == "record" and (order is None or row[order].strip())
        ]
        lost = sum(is_missing(row[2 + i]) for row in own for i in values)
        if lost and values:
            missing[f"table_{table.table_id}"] = lost
        entry = layout_entry(table)
        block = CommentedMap((k, _flow(v) if k == "aggregate" else v) for k, v in entry.items() if k != "columns")
        block["columns"] = CommentedSeq(_flow(c) for c in entry["columns"])
        layout[Quoted(table.table_id)] = block
    kept = {}
    old = folder / "source.yaml"
    if old.exists():
        kept = {k: v for k, v in (_loaded(old).get("rows") or {}).items() if not str(k).startswith("table_")}
    facts = more.get(folder / "facts.csv", "")
    if facts is None:
        kept.pop("facts", None)
    elif facts:
        kept["facts"] = sum(1 for _ in csv.reader(io.StringIO(facts))) - 1
    said = about | {"rows": _flow(kept | rows)} | ({"missing": _flow(missing)} if missing else {})
    files[folder / "layout.yaml"] = yaml_text(
        CommentedMap(tables=layout),
        "# How the tables of this document are laid out, as python -m analysis.intake read and a person confirmed.\n",
    )
    files[folder / "source.yaml"] = yaml_text(CommentedMap((k, _flow(v)) for k, v in said.items()))
    files[paths.ENTITIES] = _entities(reading, tables, source)
    if reading.new_indicators:
        files[paths.DICTIONARY] = _dictionary(reading)
    files[paths.CORRECTIONS] = _corrections(reading, source)
    params = _loaded(paths.PARAMS)
    if source not in params["sources"]:
        _append(params["sources"], source)
        files[paths.PARAMS] = yaml_text(params)
    return files


def _append(sequence: CommentedSeq, value: str) -> None:
    """Add to the end of a list; the comment and the blank line that follow the list stay behind it."""
    last = len(sequence) - 1
    behind = sequence.ca.items.pop(last, None)
    sequence.append(value)
    if behind is not None:
        sequence.ca.items[last + 1] = behind


def _entities(reading: Reading, tables: list[ReadTable], source: str) -> str:
    content = _loaded(paths.ENTITIES)
    printed: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for table in tables:
        at = table.entity_column()
        if at is None:
            continue
        for line in table.shape.records():
            code = table.entities.get(fold(line.cells[at]))
            if code:
                ids = printed[code].setdefault(fold(line.cells[at]), [])
                if table.table_id not in ids:
                    ids.append(table.table_id)
    for code, entry in reading.new_entities.items():
        if (code in printed or entry["kind"] == "city") and code not in content:
            content[code] = _flow(entry)
    for entity in content.values():
        if "printed" in entity and source in entity["printed"]:
            del entity["printed"][source]
            if not entity["printed"]:
                del entity["printed"]
    for code, variants in printed.items():
        entity = content[code]
        flow = entity.fa.flow_style()
        if "printed" not in entity:
            entity["printed"] = CommentedMap()
        block = CommentedMap()
        for variant, ids in variants.items():
            block[Quoted(variant)] = _flow([Quoted(i) for i in ids])
        entity["printed"][source] = _flow(block) if flow else block
        if flow:
            entity["printed"].fa.set_flow_style()
    return yaml_text(content)


def _dictionary(reading: Reading) -> str:
    content = _loaded(paths.DICTIONARY)
    for code, entry in reading.new_indicators.items():
        if code not in content:
            content[code] = _flow(entry)
    return yaml_text(content)


def _corrections(reading: Reading, source: str) -> str:
    """``corrections.yaml`` with the cells that were decided here, and without those that no longer are."""
    content = _loaded(paths.CORRECTIONS)
    own = {
        tuple(str(entry["where"].get(key)) for key in KEY[1:]): code
        for code, entry in content.items()
        if entry["where"].get("source_id") == source and entry["reason"] == DECIDED
    }
    last = max((int(m[1]) for m in (re.fullmatch(r"c([0-9]+)", str(code)) for code in content) if m), default=0)
    for cell in (cell for table in reading.tables for cell in table.decided):
        entry = {
            "where": {"source_id": source, **cell["where"], "table_id": Quoted(cell["where"]["table_id"])},
            "printed": Quoted(cell["printed"]),
            "expect": Quoted(cell["printed"]),
            "use": cell["use"],
            "status": "applied" if cell["use"] is not None else "shown only",
            "reason": DECIDED,
        }
        code = own.pop(tuple(str(cell["where"][key]) for key in KEY[1:]), None)
        if code is None:
            last += 1
            code = f"c{last:03d}"
        if content.get(code) != entry:
            content[code] = _flow(entry)
    for code in own.values():
        del content[code]
    return yaml_text(content)


def checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
