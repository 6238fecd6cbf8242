"""The jury gives the judges' own scores, and what it cannot give has a reason."""

import numpy as np
import pytest
import torch
from PIL import Image

from paragonsr.artifacts import assets as assets_folder
from paragonsr.errors import ModelError
from paragonsr.evaluate import jury as juries
from paragonsr.evaluate.jury import COLUMNS, Jury
from paragonsr.evaluate.suite import Settings, evaluate
from paragonsr.judges import dists, lpips, vgg16
from paragonsr.judges.brisque import Brisque
from paragonsr.judges.niqe import Niqe


@pytest.fixture
def pictures():
    draw = np.random.default_rng(4)
    coarse = Image.fromarray(draw.integers(0, 256, (50, 50, 3), np.uint8))
    target = np.asarray(coarse.resize((200, 100), Image.Resampling.BICUBIC))
    near = np.clip(target + draw.normal(0, 6, target.shape), 0, 255).astype(np.uint8)
    return target, {"same": target, "near": near}


def test_the_scores_are_those_of_the_judges(pictures, assets, monkeypatch):
    if not (assets / "weights").is_dir():
        pytest.skip(f"no weights at {assets}")
    monkeypatch.setenv("PARAGONSR_ASSETS", str(assets))
    target, versions = pictures
    looks, stage = [], vgg16.Vgg16.stage
    monkeypatch.setattr(vgg16.Vgg16, "stage", lambda self, index, x: (looks.append(index), stage(self, index, x))[1])
    jury = Jury()
    assert jury.unmeasured == {}
    assert len(jury.files) == len({file.name for file in jury.files}) == 5
    found = jury.scores(target, versions)
    assert sorted(looks) == sorted(3 * [0, *(2 * [1, 2, 3, 4])])  # the target once, its first stage for both judges
    x, y = (torch.from_numpy(one.copy()).permute(2, 0, 1)[None].float() / 255 for one in (versions["near"], target))
    expected = {
        "lpips_alex": lpips.load("alex")(x, y),
        "lpips_vgg": lpips.load("vgg")(x, y),
        "dists": dists.load()(x, y),
    }
    for column, value in expected.items():
        assert found["near"][column] == pytest.approx(float(value), rel=1e-3)
        assert found["same"][column] == pytest.approx(0, abs=1e-5)
    niqe, brisque = (assets_folder.find(f"weights/{name}") for name in juries._TABLES.values())
    assert found["near"]["niqe"] == Niqe(niqe).score(versions["near"])
    assert found["near"]["brisque"] == Brisque(brisque).score(versions["near"])


def test_a_report_with_everything(tmp_path, pictures, assets, monkeypatch, random_model):
    """Dear networks look at bicubic, Lanczos and the models alone; a flat picture has no NIQE, a small one nothing."""
    if not (assets / "weights").is_dir():
        pytest.skip(f"no weights at {assets}")
    monkeypatch.setenv("PARAGONSR_ASSETS", str(assets))
    Image.fromarray(pictures[0]).save(tmp_path / "a.png")
    Image.new("RGB", (40, 40), (9, 99, 199)).save(tmp_path / "flat.png")
    Image.fromarray(pictures[0][:28, :60]).save(tmp_path / "small.png")
    report = evaluate([random_model], tmp_path, "bicubic", Settings(threads=1))
    scored, flat, small = (dict(item.figures.items()) for item in report.items)
    for name in ("bicubic", "lanczos3", "2xRandom"):
        assert None not in [getattr(scored[name], column) for column in COLUMNS]
        assert [column for column in COLUMNS if getattr(flat[name], column) is None] == ["niqe"]
        assert [getattr(small[name], column) for column in COLUMNS] == [None] * 5
    assert [getattr(scored["bilinear"], column) for column in COLUMNS] == [None] * 5
    mean = report.summary["2xRandom"].figures
    assert mean.niqe == scored["2xRandom"].niqe
    assert mean.lpips_vgg == pytest.approx((scored["2xRandom"].lpips_vgg + flat["2xRandom"].lpips_vgg) / 2)
    assert report.unmeasured.keys() == {"ms_ssim_y", *COLUMNS}
    assert report.unmeasured["niqe"].startswith("2 of 3 pictures have")
    assert report.unmeasured["dists"].startswith("1 of 3 pictures have a side below 31")


def test_without_weights_and_without_pytorch(pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path))
    jury = Jury()
    assert jury.unmeasured == dict.fromkeys(COLUMNS, "weights missing")
    assert jury.files == ()
    assert jury.scores(*pictures) == {"same": {}, "near": {}}
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.delitem(__import__("sys").modules, "paragonsr.judges.panel", raising=False)
    monkeypatch.delattr("paragonsr.judges.panel", raising=False)
    assert Jury(("dists", "niqe")).unmeasured == {"dists": "torch missing", "niqe": "weights missing"}


def test_left_out_for_speed(tmp_path, draw):
    draw(tmp_path / "a.png", 48, 48)
    report = evaluate([], tmp_path, settings=Settings(fast=True))
    assert {report.unmeasured[column] for column in COLUMNS} == {"left out, for speed"}
    assert all(getattr(report.items[0].figures["lanczos3"], column) is None for column in COLUMNS)


def test_a_wrong_file_of_weights_is_no_missing_one(tmp_path, monkeypatch):
    """It is named, or the figures would be missing for the wrong reason."""
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path))
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "niqe_pris_params.npz").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="niqe_pris_params"):
        Jury(("niqe",))
