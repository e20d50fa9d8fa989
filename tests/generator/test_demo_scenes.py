"""What the demo plays for each template, and which data of one's own it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from generator_stage import catalog, read_event

from generator.demo.build import BuildRepository
from generator.demo.environments import environment_name
from generator.demo.report import PredictionEntry
from generator.demo.settings import SCENES, DemoSettings, demo_settings
from generator.errors import InputError
from generator.request import parse


def settings(tmp_path: Path, profile: str, data: str, target: str | None = None) -> DemoSettings:
    """The settings for a file, or with a slash a folder, that there is."""
    path = tmp_path / data
    if data.endswith("/"):
        path.mkdir()
    else:
        path.write_text("something")
    return demo_settings(profile=profile, data=path, target=target)


def test_each_template_has_a_scene_with_a_project_of_its_own() -> None:
    assert list(SCENES) != [] and set(SCENES) == {one.name for one in catalog().templates}
    requests = [parse(read_event(scene.event)) for scene in SCENES.values()]
    for told in ("project_id", "build_repository", "event_id"):
        assert len({getattr(request, told) for request in requests}) == len(requests), told


GIVEN = {
    "Regression": ("houses.csv", "price", {"data_source": "data/table.csv"}),
    "LLM fine-tuning": ("answers.jsonl", None, {"data_source": "data/rows.jsonl"}),
    "RAG": ("handbook/", None, {"data_source": "documents/"}),
    "retrieval augmented generation": ("handbook.pdf", None, {"data_source": "documents.pdf"}),
}


@pytest.mark.parametrize("profile", GIVEN)
def test_data_of_ones_own_answers_questions_that_the_template_accepts(
    tmp_path: Path, profile: str
) -> None:
    data, target, expected = GIVEN[profile]
    answers = settings(tmp_path, profile, data, target).answers
    named = {} if target is None else {"target_column": target}
    assert answers == {**expected, **named, "metric_bound": "none"}
    template = catalog().for_profile(profile)
    for question, answer in answers.items():
        found = template.question(question)
        assert found is not None and found.rule.pattern.fullmatch(answer)


REFUSED = {
    "a folder is no table": ("Regression", "houses/", "price", "give a .csv or .parquet file"),
    "rows are no table": ("Regression", "houses.jsonl", "price", "give a .csv or .parquet file"),
    "a table has a target": ("Regression", "houses.csv", None, "belong together"),
    "rows have none": ("LLM fine-tuning", "answers.jsonl", "answer", "belong together"),
    "a table is no row": ("LLM fine-tuning", "answers.csv", None, "give a .jsonl file that exists"),
    "documents have none": ("RAG", "handbook/", "title", "belong together"),
    "an archive is no document": ("RAG", "handbook.zip", None, "or a folder of such files"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_data_is_refused_with_what_would_do(tmp_path: Path, case: str) -> None:
    profile, data, target, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        settings(tmp_path, profile, data, target)


def test_a_folder_of_documents_is_placed_once_and_anew_when_it_changes(tmp_path: Path) -> None:
    handbook = tmp_path / "handbook"
    (handbook / "team").mkdir(parents=True)
    (handbook / "team/on-call.md").write_text("# On call\n")
    (handbook / "old.txt").write_text("old")
    (tmp_path / "build").mkdir()
    build = BuildRepository(tmp_path / "build", tmp_path / "venv", tmp_path / "logs")
    assert not build.place_data(handbook, "documents/")
    assert build.place_data(handbook, "documents/")
    (handbook / "team/on-call.md").write_text("# On call, changed\n")
    (handbook / "old.txt").unlink()
    assert not build.place_data(handbook, "documents/")
    placed = tmp_path / "build/documents"
    assert [path.name for path in sorted(placed.rglob("*.*"))] == ["on-call.md"]
    assert (placed / "team/on-call.md").read_text() == "# On call, changed\n"


def test_an_answer_is_told_with_its_question() -> None:
    question = {"question": "How do I leave a loop early?", "top_k": 5}
    assert PredictionEntry(question, "with  break\n").in_words() == (
        "with break for How do I leave a loop early?"
    )


def test_repositories_that_install_the_same_share_an_environment(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("rich==14.3.4\n")
    alone = environment_name(tmp_path)
    commands = tmp_path / "commands.mk"
    commands.write_text("store:\n\t@python -m stacks.vector_store\n")
    assert environment_name(tmp_path) == alone
    commands.write_text("INSTALL_OPTIONS := --torch-backend cpu\n")
    assert environment_name(tmp_path) != alone
    commands.unlink()
    (tmp_path / "requirements.txt").write_text("rich==14.3.3\n")
    assert environment_name(tmp_path) != alone
