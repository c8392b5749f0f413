"""How often tests are wrong at the design of a place's schools: worlds that are simulated, and what tests do there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.describe.placement import usable
from analysis.describe.tiers import FIRST, contrasted
from analysis.describe.tiers import level as tier_level
from analysis.inference import simulation
from analysis.inference.binomial import level_and_spread

# factor of σ in the secondary and the higher tier
UNEQUAL = {"secondary_spreads_half": (0.5, 1.0), "secondary_spreads_twice": (1.0, 0.5)}
SHIFTS = (-0.5, -1.0, -1.5, -2.0, -3.0)


def designs(schools: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Trials, successes and tier of each school that a rate can be computed for, by rate."""
    found = {}
    for rate in ("headline", "placement_excluding_study"):
        own = contrasted(usable(schools, rate))
        study = own["further_study"] if rate == "placement_excluding_study" else 0.0
        counts = {"trials": own["graduates"] - study, "successes": own["placed"] - study}
        found[rate] = pd.DataFrame({**counts, "secondary": tier_level(own["tier"]) == FIRST})
    return found


def worlds(schools: pd.DataFrame) -> pd.DataFrame:
    """Level and spread of school logits by rate (random-intercept logit), rounded to two decimals.

    What feeds a simulation is published as it is fed.
    """
    rows = []
    for rate, design in designs(schools).items():
        mean_logit, sigma = level_and_spread(design["successes"], design["trials"])
        secondary = int(design["secondary"].sum())
        sizes = {"schools": len(design), "secondary": secondary, "higher": len(design) - secondary}
        rows.append({"rate": rate, **sizes, "mean_logit": round(mean_logit, 2), "sigma": round(sigma, 2)})
    return pd.DataFrame(rows)


def size_of_tests(schools: pd.DataFrame, worlds: pd.DataFrame, *, draws: int, seed: int, level: float) -> pd.DataFrame:
    """Share of draws in which each test rejects although nothing differs.

    Schools alike (headline rate only), and as different as here.
    """
    found = []
    for world in worlds.itertuples():
        design = designs(schools)[world.rate]
        for spread in [0.0, world.sigma] if world.rate == "headline" else [world.sigma]:
            made = simulation.simulate_size(
                design["trials"],
                design["secondary"].to_numpy(),
                mean_logit=world.mean_logit,
                sigma=spread,
                draws=draws,
                seed=seed,
                level=level,
            )
            made = simulation.whole_per_cent(made)
            found.append(made.assign(rate=world.rate, world="alike" if spread == 0 else "apart"))
    table = pd.concat(found, ignore_index=True)
    return table.assign(recommended=table["test"].isin(simulation.RECOMMENDED))


def beside(sizes: pd.DataFrame) -> pd.DataFrame:
    """Sizes at the design of the headline rate, one row a test: schools alike beside schools apart."""
    own = sizes[sizes["rate"] == "headline"]
    wide = own.pivot(index="test", columns="world", values=["size", "lower", "upper"])
    wide.columns = [f"{measure}_{world}" for measure, world in wide.columns]
    wide = wide.reindex(own["test"].drop_duplicates()).reset_index()
    return wide.assign(mark=np.where(wide["test"].isin(simulation.RECOMMENDED), " ✓", ""))


def size_under_unequal_spread(
    schools: pd.DataFrame, worlds: pd.DataFrame, *, draws: int, seed: int, level: float
) -> pd.DataFrame:
    """Size of the exact permutation of rates where one tier spreads half as much as the other."""
    design, world = designs(schools)["headline"], worlds.set_index("rate").loc["headline"]
    trials, member = design["trials"], design["secondary"].to_numpy()
    rng, rows = np.random.default_rng(seed), []
    for name, (secondary, higher) in UNEQUAL.items():
        sigma = world["sigma"] * np.where(member, secondary, higher)
        counts = simulation.draw_counts(trials, world["mean_logit"], sigma, draws, rng)
        p = simulation.permutation_rates(counts, trials.to_numpy(float), member)
        rows.append({"name": name, "value": round(float((p <= level + 1e-12).mean()), 2)})
    return pd.DataFrame(rows)


def power(
    schools: pd.DataFrame,
    worlds: pd.DataFrame,
    *,
    draws: int,
    seed: int,
    level: float,
    shifts: tuple[float, ...] = SHIFTS,
) -> pd.DataFrame:
    """Share of draws in which the exact permutation of school logits finds tiers that truly differ by `shifts`."""
    design, world = designs(schools)["headline"], worlds.set_index("rate").loc["headline"]
    found = simulation.simulate_power(
        design["trials"],
        design["secondary"].to_numpy(),
        mean_logit=world["mean_logit"],
        sigma=world["sigma"],
        shifts=shifts,
        draws=draws,
        seed=seed,
        level=level,
    )
    return found.round({"points": 2, "power": 2}).assign(place=range(1, len(shifts) + 1))
