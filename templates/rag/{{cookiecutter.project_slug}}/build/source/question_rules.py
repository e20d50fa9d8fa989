"""Questions made from the indexed passages by rules: no model, the same for the same index.

Four kinds can be answered: a heading as someone types it into a search box, a document's title,
"What is X?" where a sentence says what X is, and vague words: common ones of one sentence, without
the rare ones and those of the headings, as people ask who do not know the terms. Two cannot:
everyday questions that have nothing to do with the documents, and such about made-up things. What
is asked must lead to one place only: repeated headings, titles and definitions are left out. All of
these use the documents' own words; what people ask is harder.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from source.questions import UNANSWERABLE, Evidence, Question
from source.terms import Terms
from source.words import STOPWORDS, WORD, content_words, sentences

Item = TypeVar("Item")

EVERYDAY = (
    "How long does it take to boil an egg?",
    "Which train goes from Lisbon to Porto in the morning?",
    "What is the capital of Mongolia?",
    "How do I remove red wine stains from a carpet?",
    "Who won the football world cup in 1998?",
    "Which vaccinations do I need before travelling to Kenya?",
    "How often should tomato plants be watered?",
    "What does a flight from Oslo to Lima cost?",
    "How is sourdough bread baked?",
    "When was the Eiffel Tower painted last?",
    "Which muscles does swimming strengthen?",
    "How do penguins keep their eggs warm?",
    "What is a good gift for a wedding anniversary?",
    "How deep is the Baltic Sea?",
    "Which guitar chords does a blues song have?",
    "How do I change the tyre of a bicycle?",
)
INVENTED = ("Zorvane", "Quillith", "Brendorak", "Thalmoxy", "Ulverane", "Kestrifol", "Noxandrel")
# A sentence that says what something is: an article, up to four words, and the verb.
DEFINITION = re.compile(
    r"(?P<article>(?:An?|The)\s+)(?P<name>(?:[\w*`'-]+\s+){0,3}[\w*`'-]+)\s+"
    r"(?P<verb>is|are)\s+(?:an?|the|used|called)\s",
)
LEAST_PASSAGE = 120
# Words of a vague question, and how many rarer ones of its sentence are left out.
VAGUE_WORDS = 3
RAREST_LEFT_OUT = 6
QUOTED = 160
LONGEST_HEADING = 100


class Indexed(Protocol):
    """A chunk of the index."""

    @property
    def id(self) -> str: ...
    @property
    def document(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def headings(self) -> tuple[str, ...]: ...
    @property
    def text(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def generate(
    chunks: Sequence[Indexed], terms: Terms, *, answerable: int, unanswerable: int
) -> list[Question]:
    """Up to `answerable` questions, of every kind about as many, and up to `unanswerable` others.

    A question of a chunk is asked with the chunk's labels.
    """
    kinds = [
        _in_hash_order(found)
        for found in (_headings(chunks), _titles(chunks), _definitions(chunks))
    ]
    if not chunks:
        return []
    chosen: dict[str, Question] = {}
    kinds.append(_in_hash_order(_vague(_sample(chunks, 2 * answerable), terms)))
    while len(chosen) < answerable and any(kinds):
        for kind in kinds:
            if kind and len(chosen) < answerable:
                question = kind.pop()
                chosen.setdefault(question.id, question)
    return [*chosen.values(), *_unanswerable(chunks, terms, unanswerable)]


def _headings(chunks: Sequence[Indexed]) -> list[Question]:
    found: dict[str, tuple[Indexed, str]] = {}
    places: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for chunk in chunks:
        if not chunk.headings or len(chunk.text) < LEAST_PASSAGE:
            continue
        heading = chunk.headings[-1]
        if not _askable(heading) or _same(heading, chunk.title):
            continue
        places.setdefault(heading.casefold(), set()).add((chunk.document, chunk.headings))
        found.setdefault(heading.casefold(), (chunk, heading))
    return [
        _question(heading, "heading", chunk, heading)
        for key, (chunk, heading) in found.items()
        if len(places[key]) == 1
    ]


def _titles(chunks: Sequence[Indexed]) -> list[Question]:
    documents: dict[str, Indexed] = {}
    for chunk in chunks:
        documents.setdefault(chunk.document, chunk)
    titles = Counter(chunk.title.casefold() for chunk in documents.values())
    return [
        _question(chunk.title, "title", chunk, None)
        for chunk in documents.values()
        if titles[chunk.title.casefold()] == 1 and _askable(chunk.title)
    ]


def _definitions(chunks: Sequence[Indexed]) -> list[Question]:
    found: dict[str, tuple[str, Indexed, str]] = {}
    places: Counter[str] = Counter()
    for chunk in chunks:
        for sentence in sentences(chunk.text):
            said = DEFINITION.match(sentence.text)
            if said is None or "\n" in said["name"]:
                continue
            name = said["name"].replace("`", "").replace("*", "")
            words = [word.casefold() for word in WORD.findall(name)]
            if not words or any(word in STOPWORDS for word in words) or not _askable(name):
                continue
            key = name.casefold()
            places[key] += 1
            article = said["article"].casefold() if said["verb"] == "is" else ""
            quote = " ".join(sentence.text.split())[:QUOTED]
            found.setdefault(key, (f"What {said['verb']} {article}{name}?", chunk, quote))
    return [
        Question(text, "definition", (Evidence(chunk.document, quote=quote),), chunk.labels)
        for key, (text, chunk, quote) in found.items()
        if places[key] == 1
    ]


def _vague(chunks: Sequence[Indexed], terms: Terms) -> list[Question]:
    found = []
    for chunk in chunks:
        named = " ".join((chunk.title, *chunk.headings))
        known = {word.casefold() for word in WORD.findall(named)}
        best: tuple[float, list[str], str] | None = None
        for sentence in sentences(chunk.text):
            words: dict[str, str] = {}
            for word in WORD.findall(sentence.text):
                stems = content_words(word)
                folded = word.casefold()
                if word.isalpha() and len(stems) == 1 and folded not in STOPWORDS | known:
                    words.setdefault(stems[0], folded)
            by_rarity = sorted(words, key=lambda one: (-terms.weight(one), one))
            kept = by_rarity[RAREST_LEFT_OUT:][:VAGUE_WORDS]
            weight = sum(map(terms.weight, kept))
            if len(kept) == VAGUE_WORDS and (best is None or weight > best[0]):
                # In the order in which the sentence has them.
                best = (weight, [text for one, text in words.items() if one in kept], sentence.text)
        if best is not None and len(chunk.text) >= LEAST_PASSAGE:
            quote = " ".join(best[2].split())[:QUOTED]
            evidence = (Evidence(quote=quote),)
            found.append(Question(" ".join(best[1]), "vague", evidence, tuple(chunk.labels)))
    return found


def _unanswerable(chunks: Sequence[Indexed], terms: Terms, count: int) -> list[Question]:
    """Half everyday questions, whose words the documents mostly lack, half of made-up things."""
    # Asked by who may see most, or nothing would be found for the wrong reason.
    labels = Counter(tuple(chunk.labels) for chunk in chunks).most_common(1)[0][0]
    everyday = [text for text in EVERYDAY if _mostly_unknown(text, terms)]
    places = _in_hash_order(_headings(chunks) or _titles(chunks))
    made_up = (
        f"How does the {name} {WORD.findall(question.question)[-1]} work?"
        for question, name in zip(places, INVENTED * count, strict=False)
        if not terms.frequencies.get(content_words(name)[0])
    )
    # Headings that end alike would ask the same twice.
    strangers = list(dict.fromkeys(made_up))
    half = min(len(everyday), (count + 1) // 2)
    texts = [*everyday[:half], *strangers[: count - half]]
    return [Question(text, UNANSWERABLE, (), labels) for text in texts]


def _mostly_unknown(text: str, terms: Terms) -> bool:
    stems = set(content_words(text))
    return sum(terms.frequencies.get(stem, 0) == 0 for stem in stems) * 2 >= len(stems)


def _question(text: str, kind: str, chunk: Indexed, heading: str | None) -> Question:
    evidence = Evidence(chunk.document, heading)
    return Question(" ".join(text.split()), kind, (evidence,), tuple(chunk.labels))


def _askable(text: str) -> bool:
    """Whether a heading says enough to be looked for: two words that carry meaning, no path."""
    words = [word for word in WORD.findall(text.casefold()) if word not in STOPWORDS]
    return len(text) <= LONGEST_HEADING and len(words) >= 2 and "/" not in text and "\\" not in text


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _sample(chunks: Sequence[Indexed], count: int) -> list[Indexed]:
    return _by_hash(chunks, lambda chunk: chunk.id)[:count]


def _in_hash_order(questions: list[Question]) -> list[Question]:
    return _by_hash(questions, lambda question: question.id)


def _by_hash(items: Sequence[Item], key: Callable[[Item], str]) -> list[Item]:
    return sorted(items, key=lambda item: hashlib.sha256(key(item).encode()).hexdigest())
