"""What a reader sees of the audit: names of verdicts and chapters, the list of disagreements, and the file of all checks."""

from __future__ import annotations

import pandas as pd

from analysis import load, paths
from analysis.clean.corrections import load_corrections
from analysis.dictionary import entities, indicators, label, section_name
from analysis.outgoing import table_csv
from analysis.reconcile.audit import COLUMNS, audit
from analysis.reconcile.book import Book
from analysis.reconcile.rules import load_rules
from analysis.trail import Index

VERDICTS = {
    "agrees": ("一致", "agrees", "green"), "rounding": ("取舍差异", "rounding", "sky"), "definition": ("另有口径", "definition", "orange"),
    "disagrees": ("不符", "disagrees", "vermilion"), "not recomputable": ("无法复算", "not recomputable", "light"),
}
KINDS = {
    "total": ("合计", "totals"), "mean": ("平均值", "means"), "ratio": ("比率与人均", "rates and per head"), "sum of parts": ("分项之和", "sums of parts"), "inequality": ("不等式", "inequalities"),
    "stock": ("存量与流量", "stocks and flows"), "same quantity": ("两表同量", "same quantity in two tables"), "claim": ("正文数字", "figures of prose"), "repetition": ("正文重复", "repetitions in prose"),
}
OF_PROSE = {"claim", "repetition"}


def open_book(source_id: str, values: str) -> Book:
    """A source with printed or corrected values, ready for look-ups."""
    cells, facts = load.observations(values), load.facts(values)
    covers = load.sources().set_index("source_id").at[source_id, "covers"]
    return Book(cells[cells["source_id"] == source_id], facts[facts["source_id"] == source_id], load.record_tables(source_id), entities(), indicators(), covers)


def audit_source(source_id: str, values: str, language: str) -> pd.DataFrame:
    """Every check of one source; see `analysis.reconcile.audit.Audit.run`.

    Parameters
    ----------
    values : {"corrected", "printed"}
        what recomputes; judged is always what is printed.
    """
    cells = load.observations()
    book, as_printed = open_book(source_id, values), open_book(source_id, "printed")
    return audit(source_id, cells[cells["source_id"] == source_id], book, as_printed, load_rules(source_id, book), lambda code: label(code, language), language)


def audit_documents(source_id: str, values: str, language: str) -> pd.DataFrame:
    """Every check of all other documents with figures of prose; `where` begins with the document's short title."""
    names = load.sources().set_index("source_id")[f"short_{language}"]
    others = [s for s in load.facts()["source_id"].unique() if s != source_id]
    found = [audit_source(s, values, language).assign(where=lambda c, s=s: names[s] + ("，" if language == "zh" else ", ") + c["where"]) for s in others]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*COLUMNS, "inputs", "own"])


def verdict_names(language: str) -> dict[str, tuple[str, str]]:
    """Verdict → (name shown, colour), from agreement to what cannot be recomputed."""
    return {verdict: (zh if language == "zh" else en, colour) for verdict, (zh, en, colour) in VERDICTS.items()}


def count_verdicts(checks: pd.DataFrame, language: str) -> pd.DataFrame:
    """Checks by kind and verdict, with the names a reader knows."""
    zh = language == "zh"
    counts = pd.crosstab(checks["kind"], checks["verdict"]).reindex(index=[k for k in KINDS if (checks["kind"] == k).any()], columns=list(VERDICTS), fill_value=0)
    counts.insert(0, "check_kind", [KINDS[k][0 if zh else 1] for k in counts.index])
    return counts.rename(columns={v: f"verdict_{v.replace(' ', '_')}" for v in VERDICTS}).reset_index(drop=True)


def count_by_part(checks: pd.DataFrame, language: str) -> pd.DataFrame:
    """Parts of the source × verdicts: tables by chapter, then prose by chapter, case and annex."""
    zh = language == "zh"
    prose = checks["kind"].isin(OF_PROSE)

    def name(part: str, of_prose: bool) -> str:
        if part.isdigit() and int(part):
            return (f"第{part}章正文" if of_prose else f"第{part}章统计表") if zh else f"Chapter {part}, {'prose' if of_prose else 'tables'}"
        return ("前言" if part == "0" else f"附件{part.split()[-1]}") if zh else ("Preface" if part == "0" else part.capitalize())

    keys = pd.DataFrame({"prose": prose, "annex": checks["part"].str.startswith("annex"), "number": checks["part"].str.extract(r"(\d+)")[0].fillna("0").astype(int), "part": checks["part"]})
    order = keys.drop_duplicates().sort_values(["prose", "annex", "number"])
    counts = pd.crosstab([prose, checks["part"]], checks["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    counts = counts.loc[list(zip(order["prose"], order["part"]))]
    counts.index = [name(part, of_prose) for of_prose, part in counts.index]
    return counts


def disagreements(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks that disagree, tables before prose, largest difference first, with their printed decimals and the ending of their check."""
    apart = checks[checks["verdict"] == "disagrees"].copy()
    apart["decimals"] = apart["printed"].str.extract(r"\d\.(\d+)")[0].fillna("").str.len()
    apart["of_prose"] = apart["kind"].isin(OF_PROSE)
    apart["size"] = apart["difference_pct"].abs().fillna(float("inf"))  # against zero any difference is the largest
    return apart.sort_values(["of_prose", "size"], ascending=[True, False], kind="stable").drop(columns=["of_prose", "size"]).reset_index(drop=True)


def list_corrections(source_id: str, language: str) -> pd.DataFrame:
    """Corrections of a source as a table: place, figure as printed, what is used, whether it is applied, and the reason."""
    facts = load.facts().set_index("fact_id")
    rows = []
    for c in load_corrections():
        if c.where["source_id"] != source_id:
            continue
        row = facts.loc[c.where["fact_id"]] if c.of_prose else c.where
        where = section_name(row["section"], language) if c.of_prose else f"{'表' if language == 'zh' else 'table '}{row['table_id']}"
        named = [where, label(row["entity"], language), f"{label(row['indicator'], language)} {row['period'] if c.of_prose else row['year']}"]
        rows.append({
            "correction_id": c.correction_id, "correction_place": ("，" if language == "zh" else ", ").join(named), "printed": c.printed,
            "used": f"{c.use:.10g}" if c.status == "applied" else None, "applied": c.status == "applied", "reason": c.reason[language],
        })
    return pd.DataFrame(rows, columns=["correction_id", "correction_place", "printed", "used", "applied", "reason"]).astype({"applied": bool})


def for_reading(checks: pd.DataFrame, language: str) -> pd.DataFrame:
    """Checks with the recomputed figure as text, the correction of the figure, and a word where no explanation was found."""
    nothing, untried = ("已试，未见" if language == "zh" else "tried, none found"), ""
    index = Index(language)
    return checks.assign(
        recomputed=["" if pd.isna(v) else f"{v:.0f}" if float(v).is_integer() else f"{v:.2f}" for v in checks["recomputed"]],
        correction_id=[", ".join(dict.fromkeys(filter(None, (index.cell(k).correction_id for k in inputs[:own])))) for inputs, own in zip(checks["inputs"], checks["own"])],
        candidates=[tried or (untried if verdict != "disagrees" or kind == "inequality" else nothing) for tried, verdict, kind in zip(checks["candidates"], checks["verdict"], checks["kind"])],
    )


def save_reconciliation(checks: pd.DataFrame) -> int:
    """Write ``results/reconciliation.csv``; returns the number of checks."""
    paths.out(paths.RESULTS / "reconciliation.csv").write_text(table_csv(checks[COLUMNS]), encoding="utf-8", newline="\n")
    return len(checks)
