"""How good a ranking is, a number for each question: recall@k, reciprocal rank, nDCG@10.

A question's evidence may stand in several passages; each piece of evidence counts once, where it is
found first. So finding the same thing twice is worth nothing (Järvelin and Kekäläinen, 2002, for
discounted gain; gains are 0 or 1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from source.questions import Evidence, Located

DEPTH = 10
RECALL_AT = 5
METRICS = ("recall_at_5", "mrr", "ndcg_at_10")
LABELS = {"recall_at_5": "Recall@5", "mrr": "MRR", "ndcg_at_10": "nDCG@10"}


def first_ranks(evidence: Sequence[Evidence], passages: Sequence[Located]) -> list[int | None]:
    """The rank, from 1, at which each piece of evidence is found first within `DEPTH`; or None."""
    ranks: list[int | None] = []
    for one in evidence:
        found = (rank for rank, passage in enumerate(passages[:DEPTH], 1) if one.is_in(passage))
        ranks.append(next(found, None))
    return ranks


def recall(ranks: Sequence[int | None], k: int) -> float:
    """The share of the evidence that the first k passages have."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks)


def reciprocal_rank(ranks: Sequence[int | None]) -> float:
    """One over the rank of the first evidence; 0 when none is found."""
    return max((1 / rank for rank in ranks if rank is not None), default=0.0)


def ndcg(ranks: Sequence[int | None]) -> float:
    """Discounted gain, as a share of what the best order would have."""
    # Two pieces of evidence in one passage are one gain there, and one less is possible.
    places = {rank for rank in ranks if rank is not None}
    possible = len(places) + sum(rank is None for rank in ranks)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(possible, DEPTH) + 1))
    return sum(1 / math.log2(rank + 1) for rank in places) / ideal


def score(metric: str, ranks: Sequence[int | None]) -> float:
    """One of `METRICS`."""
    if metric == "recall_at_5":
        return recall(ranks, RECALL_AT)
    if metric == "mrr":
        return reciprocal_rank(ranks)
    return ndcg(ranks)
