"""Other programs' answers for tests/test_fit_measures.py.

Run by hand in an environment of its own: ``pip install segregation scikit-bio POT pymcdm scikit-learn ecomplexity`` and
``python tests/reference/make_oracles.py``. They are not in the lock: six programs and their geographic libraries for
thirty numbers would double the installation.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import ot
import pandas as pd
from ecomplexity import ecomplexity, proximity
from pymcdm.methods import TOPSIS
from pymcdm.normalizations import vector_normalization
from pymcdm.weights import entropy_weights
from segregation.multigroup import MultiDissim, MultiInfoTheory
from skbio.diversity import alpha, beta_diversity
from sklearn.metrics import mutual_info_score


def main() -> None:
    rng = np.random.default_rng(20231)
    tables = []
    for rows, columns in ((4, 3), (6, 5), (8, 12)):
        x = rng.integers(1, 80, (rows, columns))
        # groups are industries (columns), units are specialties (rows)
        frame = pd.DataFrame(x, columns=[f"g{i}" for i in range(columns)])
        p, q = rng.dirichlet(np.ones(5)), rng.dirichlet(np.ones(5))
        points = rng.random((5, 2))
        cost = np.linalg.norm(points[:, None] - points, axis=2)
        labels = np.repeat(np.indices(x.shape).reshape(2, -1), x.ravel(), axis=1)
        tables.append(
            {
                "table": x.tolist(),
                "p": p.tolist(),
                "q": q.tolist(),
                "cost": cost.tolist(),
                "segregation_multi_info_theory": float(MultiInfoTheory(frame, groups=list(frame.columns)).statistic),
                "segregation_multi_dissim": float(MultiDissim(frame, groups=list(frame.columns)).statistic),
                "sklearn_mutual_info": float(mutual_info_score(labels[0], labels[1])),
                "skbio_hill": [float(alpha.hill(x[0], order=order)) for order in (0, 1, 2)],
                "skbio_braycurtis": float(beta_diversity("braycurtis", x[:2], ["a", "b"])[0, 1]),
                "pot_emd2": float(ot.emd2(p, q, cost)),
                # vector normalisation named: the library's default is another one and changes the order
                "pymcdm_topsis_vector": TOPSIS(vector_cost_kept)(
                    x[:, :3].astype(float), np.array([0.5, 0.3, 0.2]), np.array([1, 1, -1])
                ).tolist(),
                "pymcdm_entropy": entropy_weights(x[:, :3].astype(float) + 1).tolist(),
            }
        )
    made_by = {
        name: version(name) for name in ("segregation", "scikit-bio", "POT", "pymcdm", "scikit-learn", "ecomplexity")
    }
    Path(__file__).with_name("oracles.json").write_text(
        json.dumps({"made_by": made_by, "tables": tables, "relatedness": relatedness()}, indent=1) + "\n",
        encoding="utf-8",
    )


def relatedness() -> dict:
    """Presence, proximity and density of a table of cities × specialties;
    ecomplexity sets the proximity of a product to itself to 1."""
    rng = np.random.default_rng(7)
    x = rng.poisson(np.outer(rng.gamma(2, 4, 9), rng.dirichlet(np.ones(7)) * 7))
    rows = pd.DataFrame([{"t": 1, "c": f"c{i}", "p": f"p{j}", "v": int(v)} for (i, j), v in np.ndenumerate(x)])
    columns = {"time": "t", "loc": "c", "prod": "p", "val": "v"}
    found = ecomplexity(rows, columns, verbose=False)
    return {
        "table": x.tolist(),
        "mcp": found.pivot(index="c", columns="p", values="mcp").astype(int).to_numpy().tolist(),
        "density": found.pivot(index="c", columns="p", values="density").to_numpy().tolist(),
        "proximity": proximity(rows, columns).pivot(index="p_1", columns="p_2", values="proximity").to_numpy().tolist(),
    }


def vector_cost_kept(x, cost=False):
    """Vector normalisation without turning costs round:
    TOPSIS itself takes the best of a cost as its smallest value."""
    scaled = vector_normalization(x, cost=False)
    return -scaled if cost else scaled


if __name__ == "__main__":
    main()
