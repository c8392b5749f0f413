"""Declared relations between indicators (``data/identities.yaml``)."""

from __future__ import annotations

from pathlib import Path


from analysis import paths
from analysis.dictionary import indicators, nearest
from analysis.errors import Problems
from analysis.files import read_yaml
from analysis.reconcile.totals import Identity


def load_identities(path: Path | None = None) -> list[Identity]:
    """All declared identities; unknown indicators are reported together."""
    path = path or paths.DATA / "identities.yaml"
    declared = read_yaml(path)
    problems = Problems()
    identities = [Identity(code, r["numerator"], r["denominator"], r.get("factor", 1), denominator_stated=r.get("denominator_stated", True)) for code, r in declared.get("ratios", {}).items()]
    identities += [Identity(code, parts=tuple(parts)) for code, parts in declared.get("sums", {}).items()]
    for identity in identities:
        for code in filter(None, (identity.indicator, identity.numerator, identity.denominator, *identity.parts)):
            if code not in indicators():
                problems.add(paths.shown(path), f"indicator {code!r} is not in the dictionary", f"Correct it{nearest(code, indicators())}", row=identity.indicator)
    problems.stop()
    return identities
