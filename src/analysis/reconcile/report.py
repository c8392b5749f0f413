"""What a reader sees of the checks: the list of disagreements, names of verdicts, and the file of all checks."""

from __future__ import annotations

import pandas as pd

from analysis import paths
from analysis.clean.numbers import parse_number, printed_decimals

VERDICTS = {
    "agrees": ("一致", "agrees", "green"), "rounding": ("取舍差异", "rounding", "sky"), "definition": ("口径不同", "definition", "orange"),
    "disagrees": ("不符", "disagrees", "vermilion"), "not recomputable": ("无法复算", "not recomputable", "light"),
}


def verdict_names(language: str) -> dict[str, tuple[str, str]]:
    """Verdict → (name shown, colour), in the order of tiles."""
    return {verdict: (zh if language == "zh" else en, colour) for verdict, (zh, en, colour) in VERDICTS.items()}


def disagreements(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks that disagree, with their printed decimals and the difference in per cent of the recomputed figure, largest first."""
    apart = checks[checks["verdict"] == "disagrees"].copy()
    apart["printed_value"] = [parse_number(raw, unit) for raw, unit in zip(apart["printed"], apart["unit"])]
    apart["decimals"] = apart["printed"].map(printed_decimals)
    apart["difference_pct"] = 100 * (apart["printed_value"] - apart["recomputed"]) / apart["recomputed"]
    return apart.reindex(apart["difference_pct"].abs().sort_values(ascending=False, kind="stable").index).reset_index(drop=True)


def save_reconciliation(checks: pd.DataFrame) -> int:
    """Write ``results/reconciliation.csv``; returns the number of checks."""
    checks.to_csv(paths.out(paths.RESULTS / "reconciliation.csv"), index=False, lineterminator="\n")
    return len(checks)
