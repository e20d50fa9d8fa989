"""Passages are parts of their document, never too long, and cut along its structure."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from corpus_files import LOREM

from source.chunking import chunk_document
from source.chunks import Chunk, read_chunks
from source.documents import Document, write_lines
from source.encoder_fitted import FittedEncoder, fit
from source.encoder_tokens import estimated_spans, word_spans
from source.errors import UserError
from source.index_settings import ChunkSettings
from source.reading_markdown import read_markdown


@pytest.fixture(scope="module")
def encoder() -> FittedEncoder:
    return fit([f"{LOREM} number{n} number{n + 1}" for n in range(20)], dimension=4)


def document(text: str, title: str = "Manual", labels: tuple[str, ...] = ()) -> Document:
    read = read_markdown(text)
    return Document("m.md", title, read.text, read.sections, labels=labels)


def cut(doc: Document, encoder: FittedEncoder, **settings: object) -> list[Chunk]:
    chosen = ChunkSettings(**settings)  # type: ignore[arg-type]
    return list(chunk_document(doc, chosen, encoder))


def random_text(seed: int) -> str:
    chooser = random.Random(seed)
    words = [
        "alpha",
        "beta,",
        "γάμμα",
        "delta.",
        "日本語の文章。",
        "x" * 90,
        "e\u0301",
        "\U0001f600",
    ]
    parts = []
    for _ in range(chooser.randrange(1, 300)):
        parts.append(chooser.choice(words))
        parts.append(chooser.choice([" ", " ", " ", "\n", "\n\n", "\n\n# Head here\n\n", "  "]))
    return "".join(parts)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("headings", [True, False])
def test_every_passage_is_a_bounded_slice_and_no_word_is_lost(
    encoder: FittedEncoder, seed: int, headings: bool
) -> None:
    doc = document(random_text(seed))
    chunks = cut(doc, encoder, max_tokens=24, overlap_tokens=seed % 12, search_headings=headings)
    covered = [False] * len(doc.text)
    for chunk in chunks:
        assert doc.text[chunk.start : chunk.end] == chunk.text == chunk.text.strip()
        assert 0 < len(encoder.token_spans(chunk.searched)) <= 24
        covered[chunk.start : chunk.end] = [True] * len(chunk.text)
    for section in doc.sections:
        body = range(section.body, section.end)
        assert all(covered[place] or doc.text[place].isspace() for place in body)
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_a_passage_stays_within_its_section_and_knows_its_headings(encoder: FittedEncoder) -> None:
    text = (
        "# Top\n\nShort words here.\n\n## Inner part\n\nOther words there.\n\n# Empty\n\n"
        "# Last\n\nThe end."
    )
    chunks = cut(document(text, labels=("hr",)), encoder)
    assert [(chunk.headings, chunk.text) for chunk in chunks] == [
        (("Top",), "Short words here."),
        (("Top", "Inner part"), "Other words there."),
        (("Last",), "The end."),
    ]
    assert all(chunk.labels == ("hr",) and chunk.title == "Manual" for chunk in chunks)
    assert chunks[1].searched == chunks[1].text
    (_, inner, _) = cut(document(text), encoder, search_headings=True)
    assert inner.searched == "Manual\nTop\nInner part\nOther words there."
    (whole,) = cut(document(text), encoder, respect_headings=False)
    assert whole.text.startswith("# Top") and whole.text.endswith("The end.")


def test_paragraphs_and_sentences_are_not_cut_where_they_fit(encoder: FittedEncoder) -> None:
    paragraphs = [f"Paragraph {n} says that. It ends here {n}." for n in range(9)]
    chunks = cut(document("\n\n".join(paragraphs)), encoder, max_tokens=32, overlap_tokens=0)
    assert len(chunks) == 3
    assert all(chunk.text.startswith("Paragraph") for chunk in chunks)
    sentences = " ".join(f"Sentence {n} is short." for n in range(40))
    for chunk in cut(document(sentences), encoder, max_tokens=32, overlap_tokens=0):
        assert chunk.text.startswith("Sentence") and chunk.text.endswith("short.")


def test_the_overlap_is_repeated_and_bounded(encoder: FittedEncoder) -> None:
    text = " ".join(f"word{n}" for n in range(200))
    chunks = cut(document(text), encoder, max_tokens=40, overlap_tokens=10)
    for before, after in pairwise(chunks):
        shared = text[after.start : before.end]
        assert 1 <= len(word_spans(shared)) <= 10


@pytest.mark.parametrize("seed", range(4))
def test_a_long_text_is_cut_alike_whose_tokens_are_found_piece_by_piece(
    encoder: FittedEncoder, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    text = random_text(seed).replace("x" * 90, "xxx") * 3
    whole = cut(document(text), encoder, max_tokens=24, overlap_tokens=4)
    asked: list[int] = []
    spans = FittedEncoder.token_spans
    monkeypatch.setattr("source.chunking.SLICE", 64)
    monkeypatch.setattr(
        FittedEncoder, "token_spans", lambda self, t: asked.append(len(t)) or spans(self, t)
    )
    assert cut(document(text), encoder, max_tokens=24, overlap_tokens=4) == whole
    assert max(asked) <= 64 and sum(asked) == len(document(text).text)


def test_a_text_without_any_space_is_sliced_all_the_same(
    encoder: FittedEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("source.chunking.SLICE", 8)
    chunks = cut(document("日本語の文章です。" * 30), encoder, max_tokens=24, overlap_tokens=0)
    assert "".join(chunk.text for chunk in chunks) == "日本語の文章です。" * 30


def test_a_passage_that_the_encoder_would_cut_is_refused(encoder: FittedEncoder) -> None:
    with pytest.raises(UserError, match=r"chunk.max_tokens is 600, and the encoder reads 512"):
        cut(document(LOREM), encoder, max_tokens=600)


def test_a_chunk_is_named_by_its_searched_text_and_encoder(encoder: FittedEncoder) -> None:
    other = fit([f"{LOREM} other{n} other{n + 1}" for n in range(20)], dimension=4)
    (first,) = cut(document("# A\n\nSame words."), encoder)
    (moved,) = cut(document("# B\n\nFirst. \n\n# A\n\nSame words."), encoder)[1:]
    (elsewhere,) = cut(document("# A\n\nSame words."), other)
    assert first.sha256 == moved.sha256 != elsewhere.sha256


def test_chunks_survive_being_written(encoder: FittedEncoder, tmp_path: Path) -> None:
    chunks = cut(document(random_text(3), labels=("a", "b")), encoder)
    write_lines((chunk.as_dict() for chunk in chunks), tmp_path / "c.jsonl")
    assert list(read_chunks(tmp_path)) == chunks
    (tmp_path / "c.jsonl").write_text('{"id": "x"}\n')
    with pytest.raises(UserError, match=r"c.jsonl line 1: no chunk"):
        list(read_chunks(tmp_path))


def test_estimated_tokens_are_more_than_words_and_cover_them() -> None:
    text = "Internationalisation of naïve 日本語 apps, v2!"
    spans = estimated_spans(text)
    assert "".join(text[a:b] for a, b in spans) == "".join(text.split())
    assert len(spans) > len(word_spans(text)) and all(b - a <= 4 for a, b in spans)
