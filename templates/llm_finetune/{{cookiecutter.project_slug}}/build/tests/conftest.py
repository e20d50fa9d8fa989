"""Fixtures that are expensive to make: a tiny model, made once per test process."""

from __future__ import annotations

from pathlib import Path

import pytest
from instruction_sets import pair

from source.tiny import write_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny base model whose tokenizer knows the words of the tests' rows."""
    texts = [text for index in range(100) for text in pair(index)]
    return write_tiny(tmp_path_factory.mktemp("base") / "tiny", texts)
