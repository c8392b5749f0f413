"""Other programs' answers for tests/test_inference.py.

Run by hand in an environment of its own: ``pip install pyfixest wildboottest`` and
``python tests/reference/make_inference_oracles.py``. The rows and coefficients of the herds are lme4's: its data set
cbpp (Lesnoff et al. 2004) and the values of its own tests.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest
import statsmodels.formula.api as smf
from wildboottest.wildboottest import wildboottest

HERDS = {
    1: [(2, 14), (3, 12), (4, 9), (0, 5)],
    2: [(3, 22), (1, 18), (1, 21)],
    3: [(8, 22), (2, 16), (0, 16), (2, 20)],
    4: [(2, 10), (0, 10), (2, 9), (0, 6)],
    5: [(5, 18), (0, 25), (0, 24), (1, 4)],
    6: [(3, 17), (0, 17), (0, 18), (1, 20)],
    7: [(8, 16), (1, 10), (3, 9), (0, 5)],
    8: [(12, 34)],
    9: [(2, 9), (0, 6), (0, 8), (0, 6)],
    10: [(1, 22), (1, 22), (0, 18), (2, 22)],
    11: [(0, 25), (5, 27), (3, 22), (1, 22)],
    12: [(2, 10), (1, 8), (0, 6), (0, 5)],
    13: [(1, 21), (2, 24), (0, 19), (0, 23)],
    14: [(11, 19), (0, 2), (0, 3), (0, 2)],
    15: [(1, 19), (1, 15), (1, 15), (0, 15)],
}


def main() -> None:
    rng = np.random.default_rng(11)
    cluster = np.repeat(np.arange(9), 5)
    x = rng.normal(size=45) + 0.5 * rng.normal(size=9)[cluster]
    y = 0.3 * x + rng.normal(size=9)[cluster] + rng.normal(size=45)
    frame = pd.DataFrame({"y": y, "x": x, "cluster": cluster})
    fits = {kind: pyfixest.feols("y ~ x", frame, vcov={kind: "cluster"}) for kind in ("CRV1", "CRV3")}
    drawn = wildboottest(
        smf.ols("y ~ x", frame),
        param="x",
        cluster=frame["cluster"],
        B=99_999,
        weights_type="rademacher",
        impose_null=True,
        bootstrap_type="11",
        seed=1,
    )
    clusters = {
        "y": y.tolist(),
        "x": x.tolist(),
        "cluster": cluster.tolist(),
        "pyfixest_crv1_se": float(fits["CRV1"].se()["x"]),
        "pyfixest_crv3_se": float(fits["CRV3"].se()["x"]),
        "wildboottest_t": float(drawn["statistic"].iloc[0]),
        "wildboottest_p": float(drawn["p-value"].iloc[0]),
    }
    rows = [
        [herd, cases, size, period] for herd, counts in HERDS.items() for period, (cases, size) in enumerate(counts, 1)
    ]
    cbpp = {
        "rows": rows,
        "lme4_nagq_25": [-1.39922533406847, -0.991407294757321, -1.12782184600404, -1.57946627431248],
        "lme4_laplace": [-1.39853505102576, -0.992334712470269, -1.12867541092127, -1.58037389566025],
    }
    made_by = {name: version(name) for name in ("pyfixest", "wildboottest")} | {"lme4": "values of its test glmer-1"}
    Path(__file__).with_name("inference.json").write_text(
        json.dumps({"made_by": made_by, "cbpp": cbpp, "clusters": clusters}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
