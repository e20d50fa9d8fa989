"""Does one task in a process of its own, so that no memory is left from another.

Both ways get the same texts and vectors and do the same work with the same libraries: stem, index
by BM25, index vectors; then, for a question, rank by both and fuse the ranks. What the template
does beside it (positions, metadata, labels, hashes) counts as its own. Loading modules counts for
neither. Times are the processor's, of one thread, so that other work on the machine counts little.
Prints what was measured as one line of JSON.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.rag import corpus
from benchmarks.rag.ways import ASK, BUILD, CORPUS, INDEX, OPEN, PLAIN, WAYS, Task

# The line with what was measured begins with this.
MARK = "measured "
# How often each question is asked; the fastest answer counts.
ROUNDS = 5
Ask = Callable[[int], Any]


def main() -> None:
    """The worker's entry point; its argument is a `Task` as JSON."""
    task = Task(**json.loads(sys.argv[1]))
    sys.path.insert(0, str(BUILD))
    measured = {CORPUS: _write, INDEX: _index, OPEN: _open, ASK: _ask}[task.kind](task)
    print(MARK + json.dumps(measured), flush=True)


def _write(task: Task) -> dict[str, Any]:
    corpus.write(Path(task.folder), task.chunks, task.questions)
    return {}


def _index(task: Task) -> dict[str, Any]:
    texts, vectors = corpus.read(Path(task.folder))
    questions = corpus.read_questions(Path(task.folder))
    way = _way(task.way)
    folder = _saved(task, task.way)
    began = time.process_time()
    index = way.build(texts, vectors)
    _asking(task.way, index, *questions)(0)
    built = time.process_time()
    peak = _memory("VmHWM")
    index.save(folder)
    saved = time.process_time()
    return {"build_seconds": built - began, "save_seconds": saved - built, "peak_mib": peak}


def _open(task: Task) -> dict[str, Any]:
    questions = corpus.read_questions(Path(task.folder))
    way = _way(task.way)
    began = time.process_time()
    index = way.open(_saved(task, task.way))
    _asking(task.way, index, *questions)(0)
    return {"open_seconds": time.process_time() - began, "open_mib": _memory("VmRSS")}


def _ask(task: Task) -> dict[str, Any]:
    """Ask both ways every question in turn, so that a busy moment of the machine hits both."""
    questions = corpus.read_questions(Path(task.folder))
    asks = {name: _asking(name, _way(name).open(_saved(task, name)), *questions) for name in WAYS}
    best = {name: [float("inf")] * task.questions for name in WAYS}
    found: dict[str, list[Any]] = {name: [None] * task.questions for name in WAYS}
    for turn in range(ROUNDS):
        for number in range(task.questions):
            for name in WAYS if turn % 2 else reversed(WAYS):
                began = time.process_time()
                answer = asks[name](number)
                took = time.process_time() - began
                best[name][number] = min(best[name][number], took)
                found[name][number] = answer
    rows = {name: _rows(name, found[name]) for name in WAYS}
    same = sum(map(list.__eq__, *rows.values())) / task.questions
    return {name: {**_figures(best[name], rows[name]), "same": same} for name in WAYS}


def _figures(times: list[float], rows: list[list[int]]) -> dict[str, Any]:
    times = sorted(times)
    return {
        "query_ms": times[len(times) // 2] * 1000,
        "slow_query_ms": times[int(len(times) * 0.95)] * 1000,
        "found": hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
    }


def _way(name: str) -> Any:
    """The class of a way's index; its libraries are loaded before any clock starts."""
    if name == PLAIN:
        from benchmarks.rag.plain_index import PlainIndex

        return PlainIndex
    from benchmarks.rag.template_index import TemplateIndex

    return TemplateIndex


def _rows(name: str, found: list[Any]) -> list[list[int]]:
    if name == PLAIN:
        from benchmarks.rag.plain_index import rows
    else:
        from benchmarks.rag.template_index import rows
    return [rows(answer) for answer in found]


def _asking(way: str, index: Any, questions: list[str], vectors: Any) -> Ask:
    """What answers the question of a number."""
    if way == PLAIN:
        return lambda number: index.ask(questions[number], vectors[number : number + 1])
    knowing = index.knowing(dict(zip(questions, vectors, strict=True)))
    return lambda number: knowing.ask(questions[number])


def _saved(task: Task, way: str) -> Path:
    folder = Path(task.folder) / way.replace(" ", "_")
    folder.mkdir(exist_ok=True)
    return folder


def _memory(field: str) -> float:
    """MiB of this process: VmHWM is the most it had, VmRSS what it has."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines[field].split()[0]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main()
