"""Makes up a table of rented flats with everything that real tables have, and a known signal.

Numbers with heavy tails, a categorical column with rare levels, one with many levels, a boolean,
dates, values that are missing for a reason and at random, and an interaction that a linear model
cannot see. What is noise is known, so the best possible error is as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

TARGET = "rent"
# Rent per district, relative to the average one; the last ones are rare.
DISTRICTS = {
    "Centre": (0.24, 1.35),
    "Harbour": (0.20, 1.15),
    "North": (0.18, 0.90),
    "East": (0.15, 0.80),
    "West": (0.12, 1.05),
    "Old Mill": (0.08, 1.00),
    "Airfield": (0.02, 0.70),
    "Royal Park": (0.01, 1.90),
}
STREETS = 200
HEATING = ("gas", "district", "heat pump", "oil")
# Standard deviation of the rent's noise, as a factor: exp of this.
NOISE = 0.08


@dataclass(frozen=True)
class Recipe:
    """How many rows, from which seed, and how far the market has drifted.

    With drift 1 flats are larger, the Harbour is built up, areas are often not given, contracts
    are newer, and rents have risen by 15 %.
    """

    rows: int
    seed: int = 0
    drift: float = 0.0


def make_table(recipe: Recipe) -> pd.DataFrame:
    """A table of `recipe.rows` flats; `rent` (euros a month) is the target."""
    random = np.random.default_rng(recipe.seed)
    rows, drift = recipe.rows, recipe.drift
    shares = np.array([share for share, _ in DISTRICTS.values()])
    shares = shares + drift * 0.3 * np.array([name == "Harbour" for name in DISTRICTS])
    district = random.choice(list(DISTRICTS), size=rows, p=shares / shares.sum())
    street = random.integers(0, STREETS, size=rows)
    # Streets differ for good: their effect does not depend on the seed.
    street_effect = np.random.default_rng(1).normal(0, 0.10, size=STREETS)[street]
    area = np.exp(random.normal(4.1 + 0.25 * drift, 0.45, size=rows))  # square metres
    rooms = np.clip(np.round(area / 28 + random.normal(0, 0.5, size=rows)), 1, None)
    floor = random.integers(0, 12, size=rows)
    lift = random.random(rows) < 0.2 + 0.06 * floor
    built = random.integers(1890, 2024, size=rows)
    heating = random.choice(HEATING, size=rows, p=(0.5, 0.3, 0.15, 0.05))
    distance = random.gamma(2.0, 1.5, size=rows)  # km to the station
    start = np.datetime64("2021-01-01") + random.integers(0, 1400, size=rows).astype("m8[D]")
    start = start + np.timedelta64(round(700 * drift), "D")
    month = start.astype("datetime64[M]").astype(int) % 12 + 1
    days = (start - np.datetime64("2021-01-01")).astype(int)

    per_metre = 12.0 * np.array([DISTRICTS[name][1] for name in district])
    log_rent = (
        np.log(per_metre * area**0.85)
        + street_effect
        - 0.04 * distance
        # A high floor is worth something with a lift and costs something without one.
        + np.where(lift, 0.015, -0.025) * floor
        + 0.10 * np.exp(-(((built - 2015) / 25.0) ** 2))
        + 0.08 * ((built < 1920) & (district == "Centre"))
        - 0.06 * (heating == "oil")
        + 0.02 * np.cos(2 * np.pi * (month - 8) / 12)
        + 0.00008 * days
        + 0.14 * drift
    )
    rent = np.exp(log_rent + random.normal(0, NOISE, size=rows))
    frame = pd.DataFrame(
        {
            "district": district,
            "street": [f"street {number:03d}" for number in street],
            "area": area.round(1),
            "rooms": rooms,
            "floor": floor,
            "lift": lift,
            "built": built.astype(float),
            "heating": heating,
            "station_km": distance.round(2),
            "contract_start": pd.to_datetime(start).strftime("%Y-%m-%d"),
            TARGET: rent.round(0),
        }
    )
    # Old buildings are the ones whose year nobody knows; the rest is missing at random.
    frame["built"] = frame["built"].mask(random.random(rows) < np.where(built < 1950, 0.3, 0.05))
    frame["area"] = frame["area"].mask(random.random(rows) < 0.03 + 0.2 * drift)
    frame["heating"] = frame["heating"].mask(random.random(rows) < 0.08)
    frame["lift"] = frame["lift"].astype(object).mask(random.random(rows) < 0.05)
    return frame
