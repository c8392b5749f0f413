"""M, H and 500 bootstrap draws of tables of 1,000 × 1,000 cells, in seconds of one core; run by hand:
``python -m benchmarks.linkage``."""

from __future__ import annotations

import time

import numpy as np

from analysis.fit import linkage


def main() -> None:
    for mean in (0.05, 1.0, 3.0):
        table = np.random.default_rng(0).poisson(mean, (1000, 1000))
        begun = time.process_time()
        linkage.linkage(table)
        linkage.m_bootstrap(table, draws=500, seed=1)
        print(
            f"{int(table.sum()):>9,} persons in {int((table > 0).sum()):>7,} filled cells: "
            f"{time.process_time() - begun:.2f} s"
        )


if __name__ == "__main__":
    main()
