"""Fingerprints: the same for what is the same picture, far apart for what is not."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from paragonsr.judges import hashing

HASHES = st.integers(0, 2**64 - 1)
SEEDS = st.integers(0, 10_000)


def draw(seed: int, side: int = 128) -> Image.Image:
    """Clouds with a little grain, RGB."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    grain = rng.normal(0, 4, (side, side, 1))
    return Image.fromarray(np.clip(np.asarray(small) + grain, 0, 255).astype(np.uint8))


def fingerprint(picture: Image.Image) -> int:
    return hashing.perceptual(np.asarray(picture))


@given(HASHES, HASHES, HASHES)
def test_distance_is_a_metric(a: int, b: int, c: int) -> None:
    assert hashing.distance(a, a) == 0
    assert (
        hashing.distance(a, b)
        == hashing.distance(b, a)
        == sum(x != y for x, y in zip(f"{a:064b}", f"{b:064b}", strict=True))
    )
    assert hashing.distance(a, c) <= hashing.distance(a, b) + hashing.distance(b, c)


@settings(max_examples=20)
@given(SEEDS)
def test_a_mirrored_picture_has_the_opposite_slopes(seed: int) -> None:
    """Where two cells are not level, the slope seen from the other side is the opposite one."""
    picture = draw(seed)
    mirrored = fingerprint(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    rows = fingerprint(picture).to_bytes(8, "big")
    turned = bytes(int(f"{row:08b}"[::-1], 2) ^ 255 for row in rows)
    assert hashing.distance(mirrored, int.from_bytes(turned, "big")) <= 4


@settings(max_examples=20)
@given(SEEDS)
def test_scale_jpeg_and_tone_leave_it_within_the_recipe_s_distance(seed: int) -> None:
    picture = draw(seed)
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=60)
    others = (
        Image.open(held),
        picture.resize((96, 96), Image.Resampling.LANCZOS),
        picture.point(lambda value: round(20 + 0.8 * value)),
    )
    assert all(hashing.distance(fingerprint(picture), fingerprint(other)) <= 8 for other in others)


def test_other_pictures_are_far_apart() -> None:
    hashes = [fingerprint(draw(seed, 64)) for seed in range(60)]
    apart = [hashing.distance(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert min(apart) > 8
    assert np.mean(apart) == pytest.approx(32, abs=2)


def test_a_ramp_sets_every_bit_and_its_mirror_none() -> None:
    ramp = np.broadcast_to(np.arange(90, dtype=np.uint8), (80, 90))
    assert hashing.perceptual(ramp) == 2**64 - 1
    assert hashing.perceptual(ramp[:, ::-1]) == 0
