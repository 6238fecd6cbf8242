from pathlib import Path

import pytest

from paragonsr.errors import ModelError
from paragonsr.runtime import catalogue


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    for name in ("fidellity", tmp_path / "fidelity"):
        with pytest.raises(ModelError, match=r"built-in model \(perceptual, fidelity\)"):
            catalogue.find(name)


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "any.onnx"
    file.touch()
    assert catalogue.find(file) == catalogue.find(str(file)) == file


def test_the_default_is_built_in() -> None:
    assert catalogue.DEFAULT in catalogue.MODELS
