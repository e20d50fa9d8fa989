"""The distribution of numbers in the shape of SageMaker Model Monitor's statistics.json.

Buckets are deciles, which is what a population stability index needs; the outer ones are where the
smallest and the largest value lie.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BUCKETS = 10
# What a monitoring job is to compare, and from which distance on it reports.
MONITORING_CONFIG = {
    "evaluate_constraints": "Enabled",
    "emit_metrics": "Enabled",
    "datatype_check_threshold": 1.0,
    "domain_content_threshold": 1.0,
    "distribution_constraints": {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
    },
}


def numeric_statistics(values: npt.ArrayLike) -> dict[str, Any]:
    """Moments and decile buckets of numbers; missing values (NaN) are counted apart."""
    numbers = np.asarray(values, dtype="float64")
    present = numbers[~np.isnan(numbers)]
    common = {"num_present": len(present), "num_missing": len(numbers) - len(present)}
    summary: dict[str, Any] = {"common": common}
    if not len(present):
        return summary
    summary |= {
        "mean": float(present.mean()),
        "sum": float(present.sum()),
        "std_dev": float(present.std()),
        "min": float(present.min()),
        "max": float(present.max()),
    }
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BUCKETS + 1)))
    if len(edges) == 1:
        edges = np.array([edges[0], edges[0]])
        counts = np.array([len(present)])
    else:
        counts = np.histogram(present, edges)[0]
    summary["distribution"] = {
        "kll": {
            "buckets": [
                {"lower_bound": float(low), "upper_bound": float(high), "count": int(count)}
                for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
            ]
        }
    }
    return summary
