"""Our judges give the figures their authors published for their own pictures."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from paragonsr.errors import AssetError
from paragonsr.judges import dists, efficientnet, lpips, space, vgg16, weights


@pytest.fixture
def calibration(assets: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = assets / "weights" / "calibration"
    if not folder.is_dir():
        pytest.skip(f"the authors' pictures are not at {folder}")
    monkeypatch.setenv("PARAGONSR_ASSETS", str(assets))
    return folder


def picture(path: Path, short: int | None = None) -> torch.Tensor:
    with Image.open(path) as image:
        rgb = image.convert("RGB")
        if short:
            scale = short / min(rgb.size)
            rgb = rgb.resize((round(rgb.width * scale), round(rgb.height * scale)), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.asarray(rgb).copy()).permute(2, 0, 1)[None].float() / 255


@torch.no_grad()
def test_dists(calibration: Path) -> None:
    a, b = (picture(calibration / f"dists_r{index}.png", 256) for index in (0, 1))
    judge = dists.load()
    assert float(judge(a, b)) == pytest.approx(0.3347, abs=2e-4)
    assert float(judge(a, a)) == pytest.approx(0, abs=1e-5)


@torch.no_grad()
@pytest.mark.parametrize(("backbone", "published"), [("alex", (0.722, 0.138)), ("vgg", (0.569, 0.422))])
def test_lpips(calibration: Path, backbone: lpips.Backbone, published: tuple[float, float]) -> None:
    reference, *others = (picture(calibration / f"lp_ex_{name}.png") for name in ("ref", "p0", "p1"))
    judge = lpips.load(backbone)
    assert [float(judge(reference, other)) for other in others] == pytest.approx(published, abs=1e-3)


def test_the_slope_of_dists_is_that_of_finite_differences(calibration: Path) -> None:
    """With the published weights, in float64, along the gradient; not zero, and zero distance at the target."""
    judge = dists.load().double()
    draw = torch.Generator().manual_seed(0)
    target = torch.rand(1, 3, 16, 16, generator=draw, dtype=torch.float64)
    output = (target + 0.1 * torch.randn(target.shape, generator=draw, dtype=torch.float64)).requires_grad_(True)
    (slope,) = torch.autograd.grad(judge(output, target).sum(), output)
    way, step = slope / slope.norm(), 1e-6
    with torch.no_grad():
        measured = (judge(output + step * way, target) - judge(output - step * way, target)) / (2 * step)
    assert float(slope.norm()) > 1e-4
    assert float(measured) == pytest.approx(float(slope.norm()), rel=1e-3)


def test_folding_leaves_the_space_as_it_was() -> None:
    torch.manual_seed(0)
    plain = efficientnet.EfficientNetLite2()
    for module in plain.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
    plain.eval().requires_grad_(False)
    x = torch.rand(1, 3, 64, 64)
    before = plain(x, 3, embed=True)
    efficientnet.fold(plain)
    after = plain(x, 3, embed=True)
    for old, new in zip((*before.stages, before.embedding), (*after.stages, after.embedding), strict=True):
        torch.testing.assert_close(old, new, rtol=1e-4, atol=1e-4)


def test_weights_that_cannot_be_had_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path))
    with pytest.raises(AssetError, match="vgg16"):
        space.load("vgg16")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / vgg16.WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(AssetError, match="does not hold the weights of Vgg16"):
        weights.load(vgg16.Vgg16(), vgg16.WEIGHTS)
