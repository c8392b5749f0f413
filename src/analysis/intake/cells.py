"""Cells of figures that are none: asked, never guessed."""

from __future__ import annotations

import re

from analysis.ground.numerals import check_scale, fold, is_missing
from analysis.intake.study import NO, ReadTable, Study
from analysis.intake.words import number

SCALES = {"千": 1_000, "万": 10_000, "亿": 100_000_000}


def check_cells(study: Study, table: ReadTable) -> list[str]:
    """Ask about cells of figures that cleaning would refuse; the ones that stay open."""
    waiting = []
    at = table.entity_column()
    for column_at, column in enumerate(table.columns):
        if column.role != "value":
            continue
        unit, kind, (low, high) = study.indicator(column.indicator)
        whole_kinds = {"count", "rank"} if table.rule != "mean" else set()
        lines = table.entering()
        texts = [line.cells[column_at] for line in lines]
        values = [number(t) if unit == "%" or "%" not in t else None for t in texts]
        figures = {i: v for i, v in enumerate(values) if v is not None}
        found = check_scale(list(figures.values())) if unit == "%" else []
        shares = {list(figures)[i] for i in found}
        for i, (line, text, value) in enumerate(zip(lines, texts, values, strict=True)):
            across = column_at in line.across
            wrong = (
                "covers several columns" if across
                else "" if is_missing(text)
                else "is no figure" if value is None
                else "is a share of one among percentages" if i in shares
                else "is not whole" if kind in whole_kinds and not column.unit and value % 1
                else "is out of range" if (low is not None and value < low) or (high is not None and value > high)
                else ""
            )  # fmt: skip
            if not wrong:
                continue
            name = line.cells[at].strip() if at is not None else ""
            entity = table.whose(line, study.place)
            if (table.table_id, entity, column.indicator, str(column.year)) in study.corrected:
                continue
            guess = _guess(text, unit, i in shares)
            said = f"{fold(name) or 'closing row'} / {column.indicator} {column.year}: {text.strip()}"
            answer = study.ask(
                "cell", table.table_id, said,
                NO if guess is None else f"{guess:.15g}", 0.5 if guess is not None else 0.0,
                f"the cell {wrong}; `no` keeps it as printed without a value",
                lambda text: text == NO or number(text) is not None,
            )  # fmt: skip
            if answer is None:
                waiting.append(f"{name} {text.strip()}")
                continue
            place = {"entity": entity, "indicator": column.indicator, "year": column.year}
            use = None if answer == NO else _plain(number(answer))
            table.decided.append({"where": {"table_id": table.table_id, **place}, "printed": text, "use": use})
    return waiting


def _guess(text: str, unit: str, share: bool) -> float | None:
    """What a cell that is no figure most likely says: a comma for a point, a unit or a name beside the figure."""
    if share and (value := number(text)) is not None:
        return value * 100
    plain = fold(text).replace(" ", "")
    if re.fullmatch("[0-9]+,[0-9]{1,2}", plain):
        return float(plain.replace(",", "."))
    found = re.fullmatch(r"[^0-9]*?([0-9][0-9,]*(?:\.[0-9]+)?)([万亿千]?)[^0-9]*", plain)
    value = number(found[1]) if found else None
    own = next((scale for scale in SCALES if unit.startswith(scale)), "")
    if found is None or value is None or not found[2] or found[2] == own:
        return value
    return value * SCALES[found[2]] / SCALES.get(own, 1)


def _plain(value: float | None) -> float | int | None:
    return int(value) if value is not None and value == int(value) else value
