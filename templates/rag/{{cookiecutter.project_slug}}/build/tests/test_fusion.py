"""Rankings are put together by their ranks; words are found in any script."""

from __future__ import annotations

from typing import Any

import boto3
import numpy as np
import pytest
from botocore.stub import Stubber

from source.bm25 import LexicalIndex
from source.fusion import Weights, fuse
from source.index_settings import retrieval_settings
from source.reranking import BedrockReranker, RerankerFailed
from source.scope import Entries, Entry, scope
from source.search_words import Analyzer
from source.settings import SettingsError


def test_a_text_counts_by_its_ranks_and_the_weights_of_the_ways() -> None:
    rankings = {"bm25": ["a", "b", "c"], "dense": ["c", "d"]}
    fused = fuse(rankings, {"bm25": 1.0, "dense": 1.0})
    assert [name for name, _ in fused] == ["c", "a", "b", "d"]
    assert dict(fused)["c"] == pytest.approx(1 / 63 + 1 / 61)
    assert [name for name, _ in fuse(rankings, {"bm25": 0.0, "dense": 1.0})][:2] == ["c", "d"]
    tied = fuse({"bm25": ["z"], "dense": ["y"]}, {"bm25": 1.0, "dense": 1.0})
    assert [name for name, _ in tied] == ["y", "z"]


@pytest.mark.parametrize("weights", [(1.0, 1.0), (0.3, 2.0), (0.0, 1.0)])
def test_the_best_are_the_first_of_all(weights: tuple[float, float]) -> None:
    random = np.random.default_rng(1)
    for size in (3, 40, 300):
        names = [f"t{number}" for number in range(2 * size)]
        rankings = {way: random.permutation(names)[:size].tolist() for way in ("bm25", "dense")}
        shares = dict(zip(rankings, weights, strict=True))
        everything = fuse(rankings, shares)
        for k in (1, 5, size, 5 * size):
            assert fuse(rankings, shares, k) == everything[:k]
        rows = {way: [int(name[1:]) for name in found] for way, found in rankings.items()}
        named = [(f"t{row}", score) for row, score in fuse(rows, shares, 5, names.__getitem__)]
        assert named == everything[:5]


@pytest.mark.parametrize("weights", [{"bm25": -1.0}, {"bm25": 0.0, "dense": 0.0}, "best"])
def test_weights_that_make_no_sense_are_refused(weights: Any) -> None:
    with pytest.raises(SettingsError, match=r"retrieval.weights"):
        retrieval_settings({"retrieval": {"weights": weights}})
    assert retrieval_settings({"retrieval": {"weights": {"bm25": 2}}}).weights == Weights(2, 1)


def lexical(texts: list[str], language: str | None = "en") -> LexicalIndex:
    entries = Entries([Entry(str(number)) for number in range(len(texts))])
    return LexicalIndex.build(texts, Analyzer(language), entries)


def test_words_are_found_by_their_stems_in_the_language_of_the_corpus() -> None:
    index = lexical(["The cats were running", "A dog sleeps", "Nothing else"])
    assert [key for key, _ in index.search("runs cat", 5, scope())] == ["0"]
    german = lexical(["Die Häuser am See", "Ein Boot"], "de")
    assert [key for key, _ in german.search("haus", 5, scope())] == ["0"]
    japanese = lexical(["東京の天気は晴れ", "大阪で雨が降る"], "ja")
    assert [key for key, _ in japanese.search("天気", 5, scope())] == ["0"]


@pytest.mark.parametrize("language", ["en", "de", None])
def test_a_corpus_has_the_words_of_its_texts(language: str | None) -> None:
    texts = ["The cats were running, cats run", "__init__ a_b _x_", "東京の天気 weather", "?!", ""]
    analyzer = Analyzer(language)
    found = analyzer.numbered(texts)
    stems = list(found.vocabulary)
    assert list(found.vocabulary.values()) == list(range(len(stems)))
    words = [[stems[number] for number in row] for row in found.texts]
    assert words == [analyzer.words(text) for text in texts]


def test_the_best_of_many_are_those_that_sorting_finds() -> None:
    random = np.random.default_rng(2)
    for share in (0.002, 0.3, 1.0):
        vocabulary = [f"w{number}" for number in range(40)]
        texts = [
            " ".join(random.choice(vocabulary, 6)) if random.random() < share else "none"
            for _ in range(3000)
        ]
        index = lexical(texts)
        scores = index.index.get_scores(["w1", "w2"])
        rows = [row for row in np.lexsort((np.arange(len(scores)), -scores)) if scores[row] > 0]
        for k in (1, 5, 100, 2999):
            found = index.ranked("w1 w2", k, scope())
            assert list(found) == rows[:k]
            assert list(found.values()) == [float(scores[row]) for row in rows[:k]]


def test_ties_keep_the_order_of_rows_and_signs_alone_find_nothing() -> None:
    index = lexical(["same words"] * 6 + ["other"])
    assert [key for key, _ in index.search("same", 3, scope())] == ["0", "1", "2"]
    assert index.search("?! ...", 3, scope()) == []
    assert lexical(["...", "!!"]).search("word", 3, scope()) == []


def rerank(answer: dict[str, Any] | None) -> list[float]:
    runtime = boto3.client(
        "bedrock-agent-runtime",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    model = "arn:aws:bedrock:eu-west-1::foundation-model/cohere.rerank-v3-5:0"
    with Stubber(runtime) as stub:
        if answer is None:
            stub.add_client_error("rerank", "ThrottlingException", "slow down")
        else:
            stub.add_response("rerank", answer)
        return BedrockReranker(model, runtime).scores("why", ["a", "b", "c"])


def test_the_reranker_scores_in_the_order_of_the_texts() -> None:
    results = [{"index": 2, "relevanceScore": 0.9}, {"index": 0, "relevanceScore": 0.5}]
    assert rerank({"results": results}) == pytest.approx([0.5, 0.0, 0.9])
    with pytest.raises(RerankerFailed, match="slow down"):
        rerank(None)
