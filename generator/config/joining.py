"""Recognises projects that are a stage of another project: by how their names end.

"House prices-test" is the stage test of "House prices", when the configuration says that `-test`
is such an end. It gets no repositories: those of the project that it joins serve all stages.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.errors import InputError, shown


class JoinsProject(InputError):
    """A project that joins another one as its `stage`; `belongs_to` is that project's name."""

    def __init__(self, name: str, belongs_to: str, stage: str) -> None:
        self.belongs_to = belongs_to
        self.stage = stage
        super().__init__(
            f"project {shown(name)} joins the project {shown(belongs_to)} as its stage {stage}, by"
            " [joining] of the configuration: it gets no repositories of its own"
        )


def refuse_joining(joining: Mapping[str, tuple[str, ...]], name: str) -> None:
    """Raise JoinsProject if a project of that `name` joins another one; case does not count.

    joining: stage -> ends of names. Of two ends that fit, the longer one decides.
    """
    fitting = [
        (len(end), stage)
        for stage, ends in joining.items()
        for end in ends
        if name[-len(end) :].casefold() == end.casefold() and name[: -len(end)].strip(" _-")
    ]
    if fitting:
        length, stage = max(fitting)
        raise JoinsProject(name, name[:-length], stage)
