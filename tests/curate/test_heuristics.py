"""The heuristics of a tile: against sums written out and closed forms, and on damage done on purpose."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from paragonsr.curate import heuristics
from paragonsr.curate.heuristics import ALIASING_LIMIT, BLOCKINESS_LIMIT

Plane = NDArray[np.uint8]
SIDES = st.tuples(st.integers(1, 40), st.integers(1, 40))
PLANES = SIDES.flatmap(lambda sides: arrays(np.uint8, sides))


def draw(seed: int, side: int = 256) -> Image.Image:
    """What a lens would draw: noise whose spectrum falls as 1 / f does, gray, its highest frequencies damped."""
    rng = np.random.default_rng(seed)
    down, across = np.meshgrid(np.fft.fftfreq(side), np.fft.rfftfreq(side), indexing="ij")
    radius = np.hypot(down, across)
    fall = np.exp(-((radius / 0.35) ** 2)) / np.maximum(radius, 1 / side)
    values = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(side, side))) * fall)
    values *= 45 / values.std()
    return Image.fromarray(np.clip(np.rint(values + 128), 0, 255).astype(np.uint8))


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=quality)
    return Image.open(held)


def plane(picture: Image.Image) -> Plane:
    return np.asarray(picture)


@given(PLANES)
def test_entropy_contrast_and_sharpness_written_out(values: Plane) -> None:
    found = heuristics.measure(values)
    shares = [np.mean(values == level) for level in np.unique(values)]
    assert found.entropy == pytest.approx(-sum(share * np.log2(share) for share in shares), abs=1e-9)
    assert found.contrast == pytest.approx(float(values.std()), abs=1e-6)
    if min(values.shape) < 3:
        assert found.sharpness == 0
        return
    x = values.astype(int)
    bends = x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:] - 4 * x[1:-1, 1:-1]
    assert found.sharpness == pytest.approx(float(bends.var()), rel=1e-4, abs=0.05)


def test_values_used_equally_often_have_as_many_bits() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert heuristics.measure(values).entropy == pytest.approx(8)
    assert heuristics.measure(values // 32).entropy == pytest.approx(3)


@settings(max_examples=30)
@given(PLANES)
def test_color_counts_by_its_gray_and_every_figure_is_finite(values: Plane) -> None:
    found = heuristics.measure(values)
    assert found == heuristics.measure(np.stack([values] * 3, axis=2))
    assert np.isfinite([found.entropy, found.contrast, found.sharpness, found.blockiness, found.aliasing]).all()
    assert 0 <= found.blockiness <= 1
    assert found.aliasing >= 0


@settings(max_examples=20)
@given(arrays(np.uint8, (40, 48)), st.integers(0, 7), st.integers(0, 7))
def test_transposed_or_inverted_a_tile_has_the_same_figures(values: Plane, top: int, left: int) -> None:
    values = values[: 40 - top, : 48 - left]
    for other in (values.T, 255 - values):
        assert heuristics.blockiness(other) == pytest.approx(heuristics.blockiness(values))
        assert heuristics.aliasing(other) == pytest.approx(heuristics.aliasing(values), rel=1e-3)


def test_blocks_alone_are_as_blocky_as_can_be() -> None:
    """Flat blocks: every step is a peak on one grid and none on another; a checkerboard of pixels has no grid."""
    blocks = np.kron(np.random.default_rng(0).permutation(256)[:64].reshape(8, 8), np.ones((8, 8))).astype(np.uint8)
    for top, left in ((0, 0), (3, 5)):
        assert heuristics.blockiness(blocks[top : 56 + top, left : 56 + left]) == pytest.approx(1, abs=0.01)
    assert heuristics.blockiness(np.kron([[0, 200], [200, 0]], np.ones((32, 32))).astype(np.uint8)) <= 0.5
    assert heuristics.blockiness(np.tile(np.array([[0, 200], [200, 0]], np.uint8), (32, 32))) == 0


@pytest.mark.parametrize("shift", [0, 1, 4, 7])
def test_jpeg_is_found_wherever_its_grid_begins(shift: int) -> None:
    clean, damaged = draw(0), jpeg(draw(0), 30).crop((shift, shift, 256, 256))
    assert heuristics.blockiness(plane(clean)) < BLOCKINESS_LIMIT / 3
    assert heuristics.blockiness(plane(damaged)) > BLOCKINESS_LIMIT


def test_more_compression_is_more_blocky() -> None:
    found = [heuristics.blockiness(plane(jpeg(draw(1), quality))) for quality in (95, 80, 60, 40)]
    assert found == sorted(found)


@pytest.mark.parametrize("seed", range(3))
def test_what_folds_over_is_aliased_and_what_was_filtered_is_not(seed: int) -> None:
    clean = draw(seed, 512)
    half = [clean.resize((256, 256), kernel) for kernel in (Image.Resampling.LANCZOS, Image.Resampling.NEAREST)]
    filtered, folded = (heuristics.aliasing(plane(picture)) for picture in half)
    assert filtered < folded
    white = np.random.default_rng(seed).integers(0, 256, (256, 256), np.uint8)
    shares = [np.linspace(*band, 99) for band in (heuristics.NEAR_NYQUIST, heuristics.BELOW)]
    near, below = (np.mean(np.sin(np.pi / 2 * share) ** 2) for share in shares)
    assert heuristics.aliasing(white) == pytest.approx(near / below, abs=0.15), "as level as steps of white noise are"
    assert heuristics.aliasing(plane(clean)) < ALIASING_LIMIT < heuristics.aliasing(white)


def test_blur_is_soft_and_never_aliased() -> None:
    clean, blurred = draw(2), draw(2).filter(ImageFilter.GaussianBlur(3))
    assert heuristics.sharpness(plane(blurred)) < heuristics.sharpness(plane(clean)) / 10
    assert heuristics.aliasing(plane(blurred)) < ALIASING_LIMIT / 2


@pytest.mark.parametrize("shape", [(1, 1), (2, 40), (31, 31)])
def test_what_is_too_small_to_tell_passes_for_undamaged(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert heuristics.blockiness(values) == heuristics.aliasing(values) == 0
