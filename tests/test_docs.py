"""The documentation is right: its commands exist and print what it shows, and nothing is left out.

A question, a key, an option or a target that is added without a word about it fails here.
"""

from __future__ import annotations

import ast
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from conftest import CHECKOUT, Render, cookiecutter_config, run
from docs_models import Key, keys_of
from docs_pages import (
    CHECKOUT_PLACE,
    DOCS,
    PLACES,
    Command,
    blocks,
    codes,
    commands,
    name_of,
    pages,
    prose,
    tables,
)

from generator.cli import cli
from generator.standins.datazone import stand_in

REGRESSION = DOCS / "templates" / "regression.md"
REGRESSION_QUESTIONS = CHECKOUT / "templates" / "regression" / "cookiecutter.json"
MAKE_PAGES = {
    CHECKOUT_PLACE: DOCS / "commands" / "make.md",
    "build": DOCS / "commands" / "build-make.md",
    "deploy": DOCS / "commands" / "deploy-make.md",
}
# Where the pages' transcripts were written.
HOME = "/home/ana"
EVENTS = CHECKOUT / "generator" / "events"
# Programs whose arguments are not ours to check.
FOREIGN = {".", "cd", "curl", "export", "git", "pip", "pytest"}
DATA_LANGUAGES = {"json": json.loads, "yaml": yaml.safe_load, "toml": tomllib.loads}
ROW_OF_STAGES = ("dev", "test", "prod")

every_page = pytest.mark.parametrize("page", pages(), ids=name_of)


# --- the site ---------------------------------------------------------------------------------


@cache
def site_configuration() -> dict[str, Any]:
    return dict(yaml.safe_load((CHECKOUT / "mkdocs.yml").read_text()))


def leaves(navigation: object) -> Iterator[str]:
    """The pages that a navigation names."""
    if isinstance(navigation, str):
        yield navigation
    elif isinstance(navigation, Mapping):
        for below in navigation.values():
            yield from leaves(below)
    elif isinstance(navigation, list):
        for below in navigation:
            yield from leaves(below)


def test_every_page_is_in_the_navigation() -> None:
    assert sorted(leaves(site_configuration()["nav"])) == sorted(map(name_of, pages()))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. `--strict` makes a dead link or anchor an error."""
    folder = tmp_path_factory.mktemp("site")
    done = run("mkdocs", "build", "--strict", "--quiet", "--site-dir", folder, cwd=CHECKOUT)
    assert done.returncode == 0, done.stdout
    return folder


def test_every_page_is_built_and_its_links_lead_somewhere(site: Path) -> None:
    for page in pages():
        built = site / Path(name_of(page)).with_suffix(".html")
        article = re.search(r"<article.*</article>", built.read_text(), re.DOTALL)
        assert article, built.name
        for link in re.findall(r'(?:href|src)="([^"]+)"', article[0]):
            file, _, anchor = html.unescape(link).partition("#")
            if re.match(r"[a-z]+:", file):
                continue
            target = (built.parent / file).resolve() if file else built
            assert target.is_file(), f"{name_of(page)}: {link}"
            assert not anchor or f'id="{anchor}"' in target.read_text(), f"{name_of(page)}: {link}"


def test_the_site_needs_no_other_server(site: Path) -> None:
    loaded = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?(https?:)?//""")
    for page in site.rglob("*.html"):
        assert not loaded.search(page.read_text()), page.name


def test_pictures_are_small() -> None:
    for picture in (DOCS / "images").iterdir():
        assert picture.stat().st_size < 150_000, picture.name


# --- code blocks ------------------------------------------------------------------------------


@every_page
def test_code_blocks_can_be_read_by_what_they_are_for(page: Path) -> None:
    for block in blocks(page):
        where = f"{block.page.name}:{block.line}"
        if block.language == "python":
            compile(block.text, where, "exec")
        elif block.language in DATA_LANGUAGES:
            assert DATA_LANGUAGES[block.language](block.text) is not None, where
        else:
            assert block.language in {"console", "text"}, f"{where}: what is {block.language!r}?"


# --- commands ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def repositories(render: Render) -> dict[str, Path]:
    """The folder of each place that a command can be for."""
    project = render()
    return {CHECKOUT_PLACE: CHECKOUT, "build": project / "build", "deploy": project / "deploy"}


@pytest.fixture(scope="module")
def options(repositories: dict[str, Path]) -> dict[str, dict[str, set[str]]]:
    """place -> command -> its options, of everything started with `python -m`."""
    script = Path(__file__).with_name("command_lines.py")
    found = {}
    for place, program in (("build", "mlops"), ("deploy", "operations")):
        done = run(sys.executable, script, program, cwd=repositories[place])
        assert done.returncode == 0, done.stdout
        printed = json.loads(done.stdout)
        found[place] = {command: set(given) for command, given in printed.items()}
    return found


def makefile(repository: Path) -> str:
    return (repository / "Makefile").read_text()


def targets(repository: Path) -> dict[str, str]:
    """Documented targets of a Makefile and what they are for."""
    return dict(re.findall(r"^([a-z-]+):.*?## (.+)$", makefile(repository), re.MULTILINE))


def written_commands() -> list[Command]:
    found = commands(CHECKOUT / "README.md", CHECKOUT_PLACE)
    for page in pages():
        found += commands(page, PLACES.get(name_of(page), CHECKOUT_PLACE))
    return [part for command in found for part in parts(command)]


def parts(command: Command) -> list[Command]:
    """A line's commands, one by one: `cd build && make run` is two."""
    texts = re.split(r"\s+(?:&&|\|)\s+", re.sub(r"(?<=\s)#.*$", "", command.text))
    return [Command(command.page, command.line, t, command.place, command.output) for t in texts]


@pytest.mark.parametrize("command", written_commands(), ids=str)
def test_the_command_exists(
    command: Command,
    repositories: dict[str, Path],
    options: dict[str, dict[str, set[str]]],
) -> None:
    check_command(command, repositories, options)


def inline_commands() -> list[Command]:
    """Commands of ours in running text and in tables; not what programs print."""
    found = []
    for page in pages():
        for code in sorted(set(codes(prose(page)))):
            if re.match(r"(?:make|aiops|python -m mlops) \S", code) and "…" not in code:
                found.append(Command(page, 0, code, CHECKOUT_PLACE, None))
    return found


@pytest.mark.parametrize("command", inline_commands(), ids=str)
def test_the_command_in_the_text_exists_in_one_of_the_repositories(
    command: Command,
    repositories: dict[str, Path],
    options: dict[str, dict[str, set[str]]],
) -> None:
    failures = []
    for place in repositories:
        try:
            check_command(replace(command, place=place), repositories, options)
            return
        except AssertionError as failure:
            failures.append(f"{place}: {failure}".splitlines()[0])
    pytest.fail("; ".join(failures))


def check_command(
    command: Command,
    repositories: dict[str, Path],
    options: dict[str, dict[str, set[str]]],
) -> None:
    words = command.words
    if not words or words[0] in FOREIGN:
        return
    if words[0] == "make":
        check_make(words[1:], repositories[command.place], options.get(command.place, {}))
    elif words[0] == "aiops":
        check_aiops(words[1:])
    elif words[0] == "cookiecutter":
        assert (CHECKOUT / words[words.index("--directory") + 1] / "cookiecutter.json").is_file()
    elif words[:2] == ["python", "-m"]:
        known = {"mlops": options["build"], "operations": options["deploy"]}[words[2]]
        check_module(words[3:], known)
    else:
        pytest.fail(f"{words[0]} is a program that these tests do not know")


def check_make(words: list[str], repository: Path, known: dict[str, set[str]]) -> None:
    if words[:1] == ["-C"]:
        words = words[2:]
    wanted = [word for word in words if "=" not in word and not word.startswith("-")]
    assert set(wanted) <= set(targets(repository)), f"no such target in {repository.name}/Makefile"
    for word in words:
        variable, equals, value = word.partition("=")
        if not equals:
            continue
        declared = rf"\$\({variable}\)|^{variable} \??=|^\s*@echo \"  {variable} "
        assert re.search(declared, makefile(repository), re.MULTILINE), f"no variable {variable}"
        if variable == "ARGS" and wanted[0] in known:
            check_module([wanted[0], *value.split()], known)


def check_module(words: list[str], known: dict[str, set[str]]) -> None:
    """Options and sub-commands of `python -m mlops` or `python -m operations`."""
    if words in ([], ["--help"]):
        return
    name = " ".join(words[:2])
    if name not in known:
        name = words[0]
    assert name in known, f"no command {name!r}; there are {', '.join(known)}"
    given = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert given <= known[name] | {"--help"}, f"{name} knows {sorted(known[name])}"


def check_aiops(words: list[str]) -> None:
    command: click.Command = cli
    if words and words[0] in cli.commands:
        command = cli.commands[words[0]]
    known = aiops_options(command) | {"-h", "--help", "--version"}
    given = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known, f"aiops {command.name} knows {sorted(known)}"
    assert command is not cli or given, f"no command {words}"


def aiops_options(command: click.Command) -> set[str]:
    shown = [param for param in command.params if isinstance(param, click.Option)]
    return {option for param in shown for option in (*param.opts, *param.secondary_opts)}


# --- transcripts ------------------------------------------------------------------------------


def replayable(command: Command) -> bool:
    """Whether a transcript is cheap, needs no network and no installed environment."""
    words = command.words
    if command.output is None or "https://" in command.text or len(parts(command)) > 1:
        return False
    if words[0] == "aiops":
        return words[1] != "demo"
    return words[0] == "cookiecutter" or words in (["make"], ["python", "-m", "mlops", "--help"])


def replayed() -> list[Path]:
    places = {page: PLACES.get(name_of(page), CHECKOUT_PLACE) for page in pages()}
    return [page for page in pages() if any(map(replayable, commands(page, places[page])))]


@pytest.mark.parametrize("page", replayed(), ids=name_of)
def test_transcripts_are_what_the_commands_print(
    page: Path, repositories: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "ana"
    folder.mkdir()
    for event in EVENTS.glob("*.json"):
        shutil.copy(event, folder)
    config = cookiecutter_config(tmp_path)
    environment = {"HOME": str(tmp_path), "COOKIECUTTER_CONFIG": str(config), "COLUMNS": "200"}
    with stand_in(json.loads((EVENTS / "create_project.json").read_text())) as datazone:
        environment |= datazone.environment
        for command in commands(page, PLACES.get(name_of(page), CHECKOUT_PLACE)):
            if not replayable(command):
                continue
            words = command.words
            at_home = words[0] in ("make", "python")
            where = repositories[command.place] if at_home else folder
            # The page's dot is the checkout, in which its reader stands.
            words = [str(CHECKOUT) if word == "." else word for word in words]
            done = subprocess.run(
                words, cwd=where, env=os.environ | environment, text=True, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
            printed = done.stdout.replace(str(folder), HOME)
            check_transcript(command, printed)
            failure = bool(re.match(r"aiops: |Usage: aiops .*\n.*\n\nError", printed))
            assert bool(done.returncode) == failure, (str(command), done.returncode)


def check_transcript(command: Command, printed: str) -> None:
    """Every documented line is printed, in order; nothing is left out without `...`."""
    rest = [same(line) for line in printed.splitlines() if line.strip()]
    skipping = False
    for line in (command.output or "").splitlines():
        if line.strip() == "...":
            skipping = True
        elif line.strip():
            if skipping and same(line) in rest:
                rest = rest[rest.index(same(line)) :]
            assert rest[:1] == [same(line)], f"{command}\nprints instead:\n{printed}"
            rest, skipping = rest[1:], False
    assert skipping or not rest, f"{command}\nalso prints:\n" + "\n".join(rest)


def same(line: str) -> str:
    """A line without what differs from time to time: ids of commits, counts of files."""
    line = re.sub(r"\b(?:[0-9a-f]{40}|[0-9a-f]{10})\b", "<id>", line.rstrip())
    return re.sub(r"\b\d+ files\b", "<n> files", line)


# --- messages ---------------------------------------------------------------------------------


@cache
def messages() -> tuple[str, ...]:
    """Every text in our sources; what is filled in stands as `…`."""
    found = []
    for folder in ("generator", "hooks", "templates"):
        for source in (CHECKOUT / folder).rglob("*.py"):
            if source.relative_to(CHECKOUT).parts[:2] == ("generator", "templates"):
                continue
            for node in ast.walk(ast.parse(source.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
                elif isinstance(node, ast.JoinedStr):
                    found.append("".join(shown(part) for part in node.values))
    for pattern in ("Makefile", "*.yml"):
        found += [path.read_text() for path in (CHECKOUT / "templates" / "shared").rglob(pattern)]
    return tuple(found)


def shown(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "…"


def documented_messages() -> list[tuple[str, str]]:
    return [
        (name_of(page), message)
        for page in pages()
        for table in tables(page)
        for row in table
        for message in codes(row.get("you see", ""))
    ]


@pytest.mark.parametrize(("page", "message"), documented_messages())
def test_the_message_is_one_of_ours(page: str, message: str) -> None:
    pattern = re.compile(".*".join(map(re.escape, re.split(r" ?… ?", message))), re.DOTALL)
    assert any(pattern.search(text) for text in messages())


def test_operations_covers_every_part() -> None:
    page = (DOCS / "operations.md").read_text()
    for part in ("The generator", "A local run", "The pipeline in the cloud", "A deployment",
                 "Going back", "The smoke test"):  # fmt: skip
        assert f"## {part}" in page


# --- everything is documented -----------------------------------------------------------------


def rows(page: Path, *headings: str) -> list[dict[str, str]]:
    """The rows of all tables that have these headings."""
    return [row for table in tables(page) for row in table if set(headings) <= set(row)]


def test_every_question_is_documented() -> None:
    template = json.loads(REGRESSION_QUESTIONS.read_text())
    questions = [name for name in template if not name.startswith("_")]
    documented = {codes(row["question"])[0]: row for row in rows(REGRESSION, "question")}
    assert list(documented) == questions
    for name, row in documented.items():
        default = template[name][0] if isinstance(template[name], list) else template[name]
        if "{" not in default:
            assert codes(row["default"]) == [default], name
        for choice in template[name] if isinstance(template[name], list) else ():
            assert choice in codes(row["an answer is"]), (name, choice)


def flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted key, value) of nested sections."""
    for key, value in document.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def numbers(text: str) -> set[float]:
    return {float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)}


def check_bounds(key: str, model: Key, cell: str) -> None:
    assert model.bounds <= numbers(cell), f"{key}: {sorted(model.bounds)} are its bounds"
    assert model.choices <= set(codes(cell)), f"{key}: {sorted(model.choices)} are its choices"


def test_every_key_of_the_pipeline_configuration_is_documented(
    repositories: dict[str, Path],
) -> None:
    build = repositories["build"]
    model = keys_of([build / "pipeline" / "config.py"], "PipelineConfig")
    file = dict(flat(yaml.safe_load((build / "config" / "pipeline.yaml").read_text())))
    assert set(file) <= set(model)
    documented = {codes(row["key"])[0]: row for row in rows(REGRESSION, "key", "default")}
    assert sorted(documented) == sorted(model)
    for key, row in documented.items():
        default = file[key] if key in file else model[key].default
        if codes(row["default"]) != ["required"]:
            assert [yaml.safe_load(code) for code in codes(row["default"])] == [default], key
        check_bounds(key, model[key], row["allowed"])


def test_every_key_of_a_stage_is_documented(repositories: dict[str, Path]) -> None:
    deploy = repositories["deploy"]
    sources = sorted((deploy / "components").glob("*_config.py"))
    model = keys_of(sources, "StageConfig")
    alarms = {key for key in model if key.startswith("alarms.")}
    stages = {
        stage: yaml.safe_load((deploy / "config" / f"{stage}.yaml").read_text())
        for stage in ROW_OF_STAGES
    }
    documented = {codes(row["key"])[0]: row for row in rows(REGRESSION, "key", *ROW_OF_STAGES)}
    entries = {f"alarms.{codes(row['alarm'])[0]}": row for row in rows(REGRESSION, "alarm")}
    names = {key.rsplit(".", 1)[0] for key in alarms}
    assert sorted(entries) == sorted(names)
    assert sorted(documented) == sorted(set(model) - alarms)
    for stage, content in stages.items():
        file = dict(flat({k: v for k, v in content.items() if k != "alarms"}))
        assert set(file) <= set(documented) | {"endpoint.vpc"}
        for key, row in documented.items():
            expected = [file[key]] if key in file else []
            assert [yaml.safe_load(code) for code in codes(row[stage])] == expected, (key, stage)
            check_bounds(key, model[key], row["allowed"])
        for key, row in entries.items():
            alarm = content["alarms"][key.partition(".")[2]]
            assert row[stage] == in_words(alarm), (key, stage)


def in_words(alarm: Mapping[str, Any] | None) -> str:
    if alarm is None:
        return "off"
    action = "goes back" if alarm["roll_back"] else "notifies"
    return (
        f"{alarm['threshold']} in {alarm['breaching_minutes']} of {alarm['minutes']} min, {action}"
    )


def test_every_fact_is_documented(repositories: dict[str, Path]) -> None:
    keys: set[str] = set()
    for role in ("build", "deploy"):
        facts = json.loads((repositories[role] / "cicd-config.json").read_text())
        keys |= {re.sub(r"\.(dev|test|prod)\.", ".<stage>.", key) for key, _ in flat(facts)}
    keys = {re.sub(r"^template\.answers\..+", "template.answers", key) for key in keys}
    documented = {code for row in rows(REGRESSION, "fact") for code in codes(row["fact"])}
    assert documented == keys


def test_every_aiops_command_has_a_page_with_its_options() -> None:
    assert {page.stem for page in (DOCS / "commands").glob("aiops-*.md")} == {
        f"aiops-{name}" for name in cli.commands
    }
    for name, command in cli.commands.items():
        page = DOCS / "commands" / f"aiops-{name}.md"
        assert f"# aiops {name}" in page.read_text()
        documented = {
            part.strip().split(" ")[0]
            for row in rows(page, "option")
            for code in codes(row["option"])
            for part in code.split(",")
        }
        assert aiops_options(command) <= documented, name


@pytest.mark.parametrize("place", MAKE_PAGES)
def test_every_make_target_is_documented(place: str, repositories: dict[str, Path]) -> None:
    page = MAKE_PAGES[place]
    known = set(targets(repositories[place]))
    assert known, "the Makefile documents its targets with ##"
    documented = {
        re.sub(r"^make ", "", code)
        for row in rows(page, "command")
        for code in codes(row["command"])
        if code.startswith("make ")
    }
    assert documented == known
    variables = re.findall(r"^([A-Z]+) \?=", makefile(repositories[place]), re.MULTILINE)
    explained = {code for row in rows(page, "variable") for code in codes(row["variable"])}
    assert set(variables) <= explained


def test_every_mlops_command_and_option_is_documented(
    options: dict[str, dict[str, set[str]]],
) -> None:
    check_documented_options(DOCS / "commands" / "mlops.md", "python -m mlops", options["build"])


def test_every_option_of_an_operation_is_documented(
    options: dict[str, dict[str, set[str]]],
) -> None:
    page = DOCS / "commands" / "deploy-make.md"
    explained = {code for row in rows(page, "variable") for code in codes(row["variable"])}
    known = set.union(*options["deploy"].values())
    assert {option.strip("-").replace("-", "_").upper() for option in known} <= explained


def check_documented_options(page: Path, program: str, known: dict[str, set[str]]) -> None:
    """Below `## python -m mlops run` a table has every option of it."""
    text = prose(page)
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    for name, given in known.items():
        section = sections.get(f"{program} {name.split(' ')[0]}", "")
        assert section, f"{page.name} has no section `{program} {name}`"
        assert f"{program} {name}" in section + f"{program} {name.split(' ')[0]}", name
        for option in given:
            assert re.search(rf"`[^`]*(?<![\w-]){re.escape(option)}(?![\w-])", section), (
                f"{program} {name}: {option}"
            )


@every_page
def test_pages_say_nothing_of_other_machines(page: Path) -> None:
    text = page.read_text()
    assert not re.search(r"/tmp/|/root/|file://", text)


def test_commands_in_rendered_readmes_exist(
    repositories: dict[str, Path], options: dict[str, dict[str, set[str]]]
) -> None:
    for place in ("build", "deploy"):
        found = commands(repositories[place] / "README.md", place)
        assert found, place
        for command in found:
            for part in parts(command):
                check_command(part, repositories, options)
