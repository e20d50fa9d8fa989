"""Writes sample data: `sample` a real table, `synthetic` a large one whose signal is known."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from source.synthetic import Recipe, make_table

SAMPLE = Path("data/diabetes.csv")
# What `make run` writes when the configuration names it and it is not there.
SAMPLES = (SAMPLE,)
TARGET = "disease_progression"
# scikit-learn's names of the six blood serum measurements, spelled out.
NAMES = {
    "bp": "blood_pressure",
    "s1": "total_cholesterol",
    "s2": "ldl_cholesterol",
    "s3": "hdl_cholesterol",
    "s4": "cholesterol_hdl_ratio",
    "s5": "log_triglycerides",
    "s6": "blood_sugar",
    "target": TARGET,
}
ABOUT = """\
# diabetes.csv

442 diabetes patients, ten measurements each, and how far the disease had progressed a year later.

| column | meaning |
|---|---|
| age | years |
| sex | coded 1 and 2 in the original study |
| bmi | body mass index, kg/m² |
| blood_pressure | average blood pressure, mmHg |
| total_cholesterol | total serum cholesterol, mg/dL |
| ldl_cholesterol | low-density lipoproteins, mg/dL |
| hdl_cholesterol | high-density lipoproteins, mg/dL |
| cholesterol_hdl_ratio | total cholesterol divided by HDL |
| log_triglycerides | logarithm of the serum triglycerides (the study says "possibly") |
| blood_sugar | blood sugar, mg/dL |
| disease_progression | the target: a quantitative measure one year after baseline, 25 to 346 |

Source: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least Angle Regression", The Annals
of Statistics 32 (2004), 407-499. Written from the copy that scikit-learn carries
(`sklearn.datasets.load_diabetes(scaled=False)`; scikit-learn is under the BSD 3-clause licence).
`make data` writes this folder again.
"""


def write_sample(output: Path) -> Path:
    """Write scikit-learn's diabetes table in its own units, and a README beside it."""
    from sklearn.datasets import load_diabetes

    frame = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=NAMES)
    frame = frame.astype({"age": int, "sex": int, TARGET: int})
    output.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(output, index=False, lineterminator="\n")
    (output.parent / "README.md").write_text(ABOUT, encoding="utf-8")
    return output


def write_synthetic(recipe: Recipe, output: Path) -> Path:
    """Write a synthetic table as CSV, or as Parquet when the name ends so."""
    frame = make_table(recipe)
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.suffix == ".parquet":
        frame.to_parquet(output, index=False)
    else:
        frame.to_csv(output, index=False, lineterminator="\n")
    return output


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m source.data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="scikit-learn's diabetes table, 442 rows")
    sample.add_argument("--output", type=Path, default=SAMPLE)
    synthetic = commands.add_parser("synthetic", help="apartments and their rents, made up")
    synthetic.add_argument("--rows", type=int, default=5000)
    synthetic.add_argument("--seed", type=int, default=0)
    synthetic.add_argument(
        "--drift", type=float, default=0.0, help="0: none; 1: a market that has clearly moved on"
    )
    synthetic.add_argument("--output", type=Path, default=Path("data/rents.csv"))
    options = parser.parse_args(arguments)
    if options.command == "sample":
        written = write_sample(options.output)
    else:
        if options.rows < 1:
            parser.error(f"--rows {options.rows}: ask for at least one row")
        recipe = Recipe(rows=options.rows, seed=options.seed, drift=options.drift)
        written = write_synthetic(recipe, options.output)
    print(f"wrote {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
