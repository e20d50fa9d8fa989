"""Metrics of rankings, against values worked out by hand."""

from __future__ import annotations

import math

import pytest
from answer_index import LEAVE, SALARY, TRAVEL, Entry

from source.questions import Evidence
from source.ranking_metrics import first_ranks, ndcg, recall, reciprocal_rank, score

OTHERS = [Entry(f"o#{n}", f"o{n}.md", "", (), "other") for n in range(12)]
LEAVE_EVIDENCE, TRAVEL_EVIDENCE = Evidence("hr/leave.md"), Evidence("hr/travel.md")


def test_each_piece_of_evidence_counts_where_it_is_found_first() -> None:
    found = [OTHERS[0], LEAVE, LEAVE, TRAVEL, LEAVE]
    ranks = first_ranks([LEAVE_EVIDENCE, TRAVEL_EVIDENCE, Evidence("no.md")], found)
    assert ranks == [2, 4, None]
    assert recall(ranks, 5) == pytest.approx(2 / 3) and recall(ranks, 3) == pytest.approx(1 / 3)
    assert reciprocal_rank(ranks) == 0.5
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(ranks) == pytest.approx((1 / math.log2(3) + 1 / math.log2(5)) / ideal)


def test_the_best_order_is_worth_one_and_nothing_found_nothing() -> None:
    both = [LEAVE_EVIDENCE, TRAVEL_EVIDENCE]
    for metric in ("recall_at_5", "mrr", "ndcg_at_10"):
        assert score(metric, first_ranks(both, [TRAVEL, LEAVE, SALARY])) == 1.0
        assert score(metric, first_ranks(both, [SALARY])) == 0.0


def test_the_same_passage_for_two_pieces_is_one_gain() -> None:
    both = [LEAVE_EVIDENCE, Evidence("hr/leave.md", "Parental leave")]
    assert ndcg(first_ranks(both, [LEAVE, TRAVEL])) == 1.0


def test_what_stands_deeper_than_ten_is_not_found() -> None:
    assert first_ranks([LEAVE_EVIDENCE], [*OTHERS[:9], LEAVE]) == [10]
    assert first_ranks([LEAVE_EVIDENCE], [*OTHERS[:10], LEAVE]) == [None]
    assert recall(first_ranks([LEAVE_EVIDENCE], [*OTHERS[:5], LEAVE]), 5) == 0.0
