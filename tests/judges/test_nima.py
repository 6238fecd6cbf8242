"""NIMA: the real weights prefer photographs as they were, damage at the size that NIMA sees; ONNX as torch."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from paragonsr.curate import prepare
from paragonsr.curate.scorers import Scorer
from paragonsr.errors import ModelError
from paragonsr.judges import nima, state

WEIGHTS = "weights/nima_mobilenet_aesthetic_idealo.fp32.safetensors"


def _jpeg(picture: Image.Image) -> Image.Image:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=10)
    return Image.open(held).convert("RGB")


def _noise(picture: Image.Image) -> Image.Image:
    values = np.asarray(picture, np.float64)
    added = np.random.default_rng(0).normal(0, 15, values.shape)
    return Image.fromarray(np.clip(values + added, 0, 255).astype(np.uint8))


def _upscaled(picture: Image.Image) -> Image.Image:
    return picture.resize((112, 112), Image.Resampling.BOX).resize(picture.size, Image.Resampling.BICUBIC)


DAMAGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "blur": lambda picture: picture.filter(ImageFilter.GaussianBlur(2)),
    "noise": _noise,
    "JPEG": _jpeg,
    "upscaled": _upscaled,
}


@pytest.fixture(scope="session")
def scorer(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """The real network, prepared."""
    out = tmp_path_factory.mktemp("nima") / "nima.onnx"
    return Scorer(prepare.prepare("nima", assets / WEIGHTS, out))


@pytest.fixture(scope="session")
def photographs(assets: Path) -> list[Image.Image]:
    """The photographs of the assets folder at the size that NIMA sees."""
    found = []
    for path in sorted((assets / "photos").glob("*.jpg")):
        with Image.open(path) as image:
            image.draft("RGB", (2 * nima.SIDE, 2 * nima.SIDE))
            found.append(image.convert("RGB").resize((nima.SIDE, nima.SIDE), Image.Resampling.BILINEAR))
    if not found:
        pytest.skip(f"there are no photographs in {assets / 'photos'}")
    return found


@pytest.mark.parametrize("damage", DAMAGES)
def test_clean_is_liked_better(scorer: Scorer, photographs: list[Image.Image], damage: str) -> None:
    """A fifth of a grade or more in the mean, and for most; single pictures it likes better with noise or blur."""
    clean = np.array(scorer.score([np.asarray(picture) for picture in photographs]))
    damaged = np.array(scorer.score([np.asarray(DAMAGES[damage](picture)) for picture in photographs]))
    assert clean.mean() > damaged.mean() + 0.2
    assert np.mean(clean > damaged) > 0.7, np.stack([clean, damaged], axis=1).round(2).tolist()


def test_a_score_does_not_depend_on_its_batch(scorer: Scorer, photographs: list[Image.Image]) -> None:
    tiles = [np.asarray(picture) for picture in photographs]
    together = scorer.score(tiles)
    assert scorer.score(tiles[::-1]) == pytest.approx(together[::-1], abs=1e-6)
    assert scorer.score(tiles[:1]) == pytest.approx(together[:1], abs=1e-6)
    assert all(1 <= grade <= 10 for grade in together)


def test_the_grade_is_the_mean_of_its_distribution() -> None:
    torch.manual_seed(0)
    net, x = nima.Nima().eval(), torch.rand(2, 3, 224, 224)
    with torch.no_grad():
        shares = net.distribution(x)
        assert shares.sum(1).tolist() == pytest.approx([1, 1], abs=1e-6)
        assert net(x).tolist() == pytest.approx((shares * torch.arange(1, 11)).sum(1).tolist(), abs=1e-5)


def test_random_weights_are_computed_alike_without_torch(tmp_path: Path) -> None:
    torch.manual_seed(1)
    torch.save(nima.Nima().state_dict(), tmp_path / "drawn.pth")
    prepared = Scorer(prepare.prepare("nima", tmp_path / "drawn.pth", tmp_path / "nima.onnx")).prepared
    assert prepared.parity <= prepare.TOLERANCE
    assert list(prepared.source) == ["drawn.pth"]


def test_other_weights_are_refused_by_name(tmp_path: Path) -> None:
    tensors = nima.Nima().state_dict() | {"fc.weight": torch.zeros(1, 1024)}
    del tensors["pwbn13.bias"]
    torch.save(tensors, tmp_path / "technical.pth")
    with pytest.raises(ModelError, match=r"missing: pwbn13.bias; of another shape: fc.weight"):
        nima.load(tmp_path / "technical.pth")
    with pytest.raises(ModelError, match="there is no such file"):
        nima.load(tmp_path / "nowhere.pth")
    with pytest.raises(ModelError, match="there is no network 'nimma'"):
        prepare.prepare("nimma", tmp_path / "technical.pth", tmp_path / "out.onnx")


def test_pickles_that_would_run_code_are_refused(tmp_path: Path) -> None:
    torch.save({"fc.weight": Path}, tmp_path / "odd.pth")
    with pytest.raises(ModelError, match=r"odd.pth: cannot be read as weights"):
        state.read(tmp_path / "odd.pth")
