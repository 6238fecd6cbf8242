from pathlib import Path

import pytest

from paragonsr.artifacts import assets
from paragonsr.errors import AssetError


def test_names_are_looked_up_in_the_folder_of_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data" / "train").mkdir(parents=True)
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path))
    assert assets.find("data/train") == tmp_path / "data" / "train"
    assert assets.find(str(tmp_path / "data")) == tmp_path / "data"
    with pytest.raises(AssetError, match=r"val is not there; set PARAGONSR_ASSETS to the folder that holds data/val"):
        assets.find("data/val")


def test_without_the_variable_they_lie_beside_the_checkout(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from paragonsr.artifacts.assets import VARIABLE, find

    beside = Path(__file__).parents[3] / "shared"
    monkeypatch.delenv(VARIABLE, raising=False)
    if not beside.is_dir():
        pytest.skip(f"no assets beside the checkout ({beside})")
    assert find("testsets") == beside / "testsets"
