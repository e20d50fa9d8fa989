"""Every error of the generator is either transient, and retried by its name, or it is not."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import generator
from generator.control.transient import PERHAPS_NEW, TRANSIENT
from generator.errors import GeneratorError, InputError

# Errors that are neither the caller's to correct nor worth a repetition, each with the reason.
PERMANENT = {
    "ProjectNotReady": "it was waited for already",
    "BrokenCatalog": "a template's author must correct it",
    "PushRejected": "the server has a rule against our branch",
}
# Packages that no function runs.
ELSEWHERE = (
    "generator.demo",
    "generator.doctor",
    "generator.infrastructure",
    "generator.standins",
    "generator.prompts",
)


def _load_everything() -> None:
    for module in pkgutil.walk_packages(generator.__path__, "generator."):
        if not module.name.startswith((*ELSEWHERE, "generator.__main__", "generator.templates")):
            importlib.import_module(module.name)


def _below(kind: type[GeneratorError]) -> Iterator[type[GeneratorError]]:
    for error in kind.__subclasses__():
        if error.__module__.startswith("generator.") and not error.__module__.startswith(ELSEWHERE):
            yield error
        yield from _below(error)


def test_every_error_is_classified() -> None:
    _load_everything()
    classes = {error.__name__: error for error in _below(GeneratorError)}
    for name in TRANSIENT:
        assert name in classes, f"{name} is retried and does not exist"
        assert not issubclass(classes[name], InputError), f"{name} cannot pass by itself"
    for name in PERHAPS_NEW:
        assert issubclass(classes[name], InputError), "or it would be transient"
    for name, error in classes.items():
        if not issubclass(error, InputError) and error.__subclasses__() == []:
            assert (name in TRANSIENT) != (name in PERMANENT) or name == "ProjectPending", name


def test_no_two_errors_have_one_name() -> None:
    """The state machine sees names only."""
    _load_everything()
    names = [error.__name__ for error in set(_below(GeneratorError))]
    assert len(names) == len(set(names))
