"""What a reader sees of the audit, as tables of codes, numbers and texts by language."""

from __future__ import annotations

import pandas as pd

from analysis.clean import load
from analysis.clean.corrections import load_corrections
from analysis.ground.dictionary import entities, indicators
from analysis.ground.keys import cells, with_inputs
from analysis.reconcile.audit import COLUMNS, audit
from analysis.reconcile.book import Book
from analysis.reconcile.rules import load_rules
from analysis.reconcile.trail import Index
from analysis.reconcile.words import Text, joined, name, say, section

# verdict → colour, from agreement to what cannot be recomputed
VERDICTS = {
    "agrees": "green",
    "rounding": "sky",
    "definition": "orange",
    "disagrees": "vermilion",
    "not recomputable": "light",
}
COLOURS = {f"verdict_{verdict.replace(' ', '_')}": colour for verdict, colour in VERDICTS.items()}
KINDS = ("total", "mean", "ratio", "sum of parts", "inequality", "stock", "same quantity", "claim", "repetition")
OF_PROSE = {"claim", "repetition"}
RELATIONS = {"inequality", "stock", "same quantity"}
READ = [
    "place",
    "where",
    "what",
    "printed",
    "recomputed",
    "unit",
    "verdict",
    "difference_pct",
    "note",
    "candidates",
    "correction_id",
]
CHECKS = ["results/reconcile/tables/reconcile_checks.csv"]  # what counts of checks are counted in


def open_book(source_id: str, values: str) -> Book:
    """A source with printed or corrected values, ready for look-ups."""
    observations, facts = load.observations(values), load.facts(values)
    covers = load.sources().set_index("source_id").at[source_id, "covers"]
    own = observations[observations["source_id"] == source_id]
    return Book(
        own, facts[facts["source_id"] == source_id], load.record_tables(source_id), entities(), indicators(), covers
    )


def audit_source(source_id: str, values: str) -> pd.DataFrame:
    """Every check of one source; see `analysis.reconcile.audit.Audit.run`.

    Parameters
    ----------
    values : {"corrected", "printed"}
        what recomputes; judged is always what is printed.
    """
    observations = load.observations()
    book, as_printed = open_book(source_id, values), open_book(source_id, "printed")
    own = observations[observations["source_id"] == source_id]
    return audit(source_id, own, book, as_printed, load_rules(source_id, book))


def audit_documents(source_id: str, values: str) -> pd.DataFrame:
    """Every check of all other documents with figures of prose; `where` begins with the document's short title."""
    others = [s for s in load.facts()["source_id"].unique() if s != source_id]
    found = [audit_source(other, values) for other in others]
    if not found:
        return pd.DataFrame(columns=[*COLUMNS, "inputs", "own"])
    checks = pd.concat(found, ignore_index=True)
    titles = {other: _title(other) for other in others}
    return checks.assign(
        where=[
            joined("comma", [titles[s], where]) for s, where in zip(checks["source_id"], checks["where"], strict=True)
        ]
    )


def _title(source_id: str) -> Text:
    row = load.sources().set_index("source_id").loc[source_id]
    return {column.removeprefix("short_"): row[column] for column in row.index if column.startswith("short_")}


def all_checks(checks: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Every check of the report and of the other documents; figures keep all their digits."""
    every = pd.concat([checks, documents], ignore_index=True) if len(documents) else checks
    figures = every[["recomputed", "difference_pct"]].astype(float).astype(object)
    return every[[*COLUMNS, "inputs"]].assign(**figures.where(figures.notna(), None))


def count_verdicts(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks by kind and verdict."""
    kinds = [kind for kind in KINDS if (checks["kind"] == kind).any()]
    counts = pd.crosstab(checks["kind"], checks["verdict"]).reindex(index=kinds, columns=list(VERDICTS), fill_value=0)
    return counts.set_axis(list(COLOURS), axis=1).rename_axis("check_kind").reset_index()


def count_by_part(checks: pd.DataFrame) -> pd.DataFrame:
    """Parts of the source × verdicts: tables by chapter, then prose by chapter, case and annex."""
    keys = pd.DataFrame(
        {
            "prose": checks["kind"].isin(OF_PROSE),
            "part": checks["part"],
            "annex": checks["part"].str.startswith("annex"),
        }
    )
    keys["number"] = checks["part"].str.extract(r"(\d+)")[0].fillna("0").astype(int)
    order = keys.drop_duplicates().sort_values(["prose", "annex", "number"])
    counts = pd.crosstab([keys["prose"], keys["part"]], checks["verdict"]).reindex(columns=list(VERDICTS), fill_value=0)
    counts = counts.loc[list(zip(order["prose"], order["part"], strict=True))].set_axis(list(COLOURS), axis=1)
    return counts.assign(part=[_part(part, prose) for prose, part in counts.index]).reset_index(drop=True)


def _part(part: str, prose: bool) -> Text:
    if part.isdigit() and int(part):
        return say("chapter_prose" if prose else "chapter_tables", part=part)
    if part == "0":
        return say("preface")
    return say("annex", part=part.split()[-1]) if part.startswith("annex") else section(part)


def disagreements(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks that disagree, tables before prose, largest difference first, with their printed decimals."""
    apart = checks[checks["verdict"] == "disagrees"].copy()
    apart["decimals"] = apart["printed"].str.extract(r"\d\.(\d+)")[0].fillna("").str.len()
    apart["of_prose"] = apart["kind"].isin(OF_PROSE)
    apart["size"] = apart["difference_pct"].abs().fillna(float("inf"))  # against zero any difference is the largest
    apart = apart.sort_values(["of_prose", "size"], ascending=[True, False], kind="stable")
    return apart.drop(columns=["of_prose", "size"]).reset_index(drop=True)


def by_size(apart: pd.DataFrame) -> pd.DataFrame:
    """What disagrees, largest difference first: what and where, the difference in per cent, and its two figures."""
    figures = [
        say("against", printed=f"{printed:,.{digits}f}", recomputed=f"{recomputed:,.{digits}f}", unit=unit)
        for printed, recomputed, digits, unit in zip(
            apart["printed_value"], apart["recomputed"], apart["decimals"], apart["unit"], strict=True
        )
    ]
    drawn = apart.assign(line=where_and_what(apart), figures=pd.Series(figures, index=apart.index, dtype=object))
    return drawn.sort_values("difference_pct", key=abs, ascending=False, kind="stable")[
        ["line", "difference_pct", "figures"]
    ]


def where_and_what(checks: pd.DataFrame) -> list[Text]:
    """Place and quantity of each check in one text."""
    return [joined("comma", pair) for pair in zip(checks["where"], checks["what"], strict=True)]


def numbered(apart: pd.DataFrame) -> pd.DataFrame:
    """What disagrees as numbers of the report: printed and recomputed, each with the cells behind it.

    A name says the quantity and whom it is about (city, higher, secondary, school; total for a closing cell). Of
    several that would be called alike the largest difference has the name, the others are counted: ``…_school``,
    ``…_school_2``.
    """
    named = apart[apart["name"] != ""].reset_index(drop=True)
    place = named.groupby("name").cumcount() + 1
    named["name"] = [called if n == 1 else f"{called}_{n}" for called, n in zip(named["name"], place, strict=True)]

    def behind(row: dict) -> dict[str, list[str]]:
        keys, own = row["inputs"], row["own"]
        return {"printed_value": keys[:own], "recomputed": keys[own:] or keys}

    shown = ["name", "printed_value", "recomputed", "decimals", "formula", "arithmetic", "inputs"]
    return with_inputs(named, behind)[shown]


def summary(
    checks: pd.DataFrame, as_printed: pd.DataFrame, documents: pd.DataFrame, corrections: pd.DataFrame
) -> pd.DataFrame:
    """Counts of checks: of the report, of the other documents, and of the report if nothing is corrected."""
    count = checks["verdict"].value_counts().reindex(list(VERDICTS), fill_value=0)
    judged, apart = checks["verdict"] != "not recomputable", disagreements(checks)
    prose, told = checks["kind"].isin(OF_PROSE), documents[documents["verdict"] != "not recomputable"]
    values = {
        "checks": judged.sum(),
        "figures": prose.sum(),
        "claims": (prose & judged).sum(),
        "documents_checks": len(told),
        "documents_disagree": (told["verdict"] == "disagrees").sum(),
        "totals": checks["check_id"].str.endswith(":total").sum(),
        "relations": checks["kind"].isin(RELATIONS).sum(),
        "disagree_tables": (~apart["kind"].isin(OF_PROSE)).sum(),
        "disagree_claims": apart["kind"].isin(OF_PROSE).sum(),
        "disagree_totals": (apart["kind"] == "total").sum(),
        "disagree_unstated": apart["name"].str.startswith("equipment_per_student_yuan").sum(),
        "disagree_inequalities": (apart["kind"] == "inequality").sum(),
        "agree": count["agrees"],
        "disagree": count["disagrees"],
        "definition": count["definition"],
        "rounding": count["rounding"],
        "disagree_as_printed": len(disagreements(as_printed)),
        "largest_pct": apart["difference_pct"].abs().max() if len(apart) else 0.0,
        "documents": sorted(set(documents["source_id"])),
    }
    found = {
        called: (value if isinstance(value, (list, float)) else int(value), CHECKS) for called, value in values.items()
    }
    return cells(found | {"corrections": (int(corrections["applied"].sum()), ["data/corrections.yaml"])})


def list_corrections(source_id: str) -> pd.DataFrame:
    """Corrections of a source: place, figure as printed, what is used, whether it is applied, and the reason."""
    facts = load.facts().set_index("fact_id")
    rows = []
    for c in load_corrections():
        if c.where["source_id"] != source_id:
            continue
        row = facts.loc[c.where["fact_id"]] if c.of_prose else c.where
        where = section(row["section"]) if c.of_prose else say("table", table=row["table_id"])
        what = say("of_period", name=name(row["indicator"]), period=row["period"] if c.of_prose else row["year"])
        used = f"{c.use:.10g}" if c.status == "applied" else None
        place = joined("comma", [where, name(row["entity"]), what])
        rows.append((c.correction_id, place, c.printed, used, c.status == "applied", c.reason))
    columns = ["correction_id", "correction_place", "printed", "used", "applied", "reason"]
    return pd.DataFrame(rows, columns=columns).astype({"applied": bool})


def for_reading(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks with the recomputed figure as text, its correction, and a word where no explanation was found."""
    index, nothing = Index(), say("tried")
    found = [("" if pd.isna(v) else f"{v:.0f}" if float(v).is_integer() else f"{v:.2f}") for v in checks["recomputed"]]
    owned = [
        [index.cell(key).correction_id for key in inputs[:own]]
        for inputs, own in zip(checks["inputs"], checks["own"], strict=True)
    ]
    tried = [
        given or (nothing if verdict == "disagrees" and kind != "inequality" else "")
        for given, verdict, kind in zip(checks["candidates"], checks["verdict"], checks["kind"], strict=True)
    ]
    corrections = [", ".join(dict.fromkeys(filter(None, ids))) for ids in owned]
    made = {"place": where_and_what(checks), "recomputed": found, "correction_id": corrections, "candidates": tried}
    return checks.assign(
        **{column: pd.Series(values, index=checks.index, dtype=object) for column, values in made.items()}
    )[READ]
