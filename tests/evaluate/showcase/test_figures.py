"""Figures of crops are the project's own, and what cannot be measured here is named, never guessed."""

import numpy as np
import pytest
import torch

from paragonsr.evaluate.showcase.figures import Judges
from paragonsr.imaging.metrics import psnr_y, ssim_y
from paragonsr.judges import dists, lpips, panel


@pytest.fixture
def crops():
    draw = np.random.default_rng(4)
    target = draw.integers(0, 256, (64, 64, 3), np.uint8)
    near = np.clip(target.astype(int) + draw.integers(-9, 10, target.shape), 0, 255).astype(np.uint8)
    return target, {"same": target, "near": near}


def test_without_weights(crops, tmp_path, monkeypatch):
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path))
    judges = Judges()
    assert judges.unmeasured == {"lpips": "weights missing", "dists": "weights missing"}
    target, versions = crops
    found = judges.figures(target, versions)
    assert found["same"].psnr_y is None
    assert found["same"].ssim_y == pytest.approx(1)
    assert found["near"].psnr_y == psnr_y(versions["near"], target, border=0)
    assert found["near"].ssim_y == ssim_y(versions["near"], target, border=0)
    assert all(row.lpips is None and row.dists is None for row in found.values())


def test_without_pytorch(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.delitem(__import__("sys").modules, "paragonsr.judges.panel")
    monkeypatch.delattr("paragonsr.judges.panel")
    assert Judges().unmeasured == {"lpips": "torch missing", "dists": "torch missing"}


def test_with_weights(crops, assets, monkeypatch):
    """Several versions at once, the target seen once: the same as one pair at a time."""
    if not (assets / "weights").is_dir():
        pytest.skip(f"no weights at {assets}")
    monkeypatch.setenv("PARAGONSR_ASSETS", str(assets))
    target, versions = crops
    found = Judges().figures(target, versions)
    x, y = (torch.from_numpy(one).permute(2, 0, 1)[None].float() / 255 for one in (versions["near"], target))
    assert found["near"].lpips == pytest.approx(float(lpips.load("alex")(x, y)), rel=1e-3)
    assert found["near"].dists == pytest.approx(float(dists.load()(x, y)), rel=1e-3)
    assert found["same"].lpips == pytest.approx(0, abs=1e-6)
    assert found["same"].dists == pytest.approx(0, abs=1e-5)
    alone = panel.Panel(["dists"])(target, [versions["near"]])
    assert alone == {"dists": pytest.approx([found["near"].dists], rel=1e-6)}
