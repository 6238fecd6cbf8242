"""Pairs are what the files say, and each that cannot be used says why."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paragonsr.degrade import operations, validation
from paragonsr.errors import BrokenImageError, DataError, MissingInputError, UnsupportedImageError
from paragonsr.evaluate.pairs import Candidate, candidates, load


def test_bicubic_halves_of_the_target(tmp_path, draw, pixels):
    target = pixels(draw(tmp_path / "a.png", 20, 30))
    (candidate,) = candidates(tmp_path, "bicubic")
    pair = load(candidate, "bicubic")
    assert np.array_equal(pair.high, target)
    assert np.array_equal(pair.low, operations.bicubic(target))
    assert not pair.cropped


def test_card_pattern_counts_targets_by_name_even_past_a_broken_one(tmp_path, draw, pixels):
    draw(tmp_path / "c.png", 40, 40, seed=1)
    (tmp_path / "b.png").write_bytes(b"broken")
    draw(tmp_path / "a.png", 40, 40, seed=2)
    (tmp_path / "notes.txt").write_text("no picture")
    first, broken, last = candidates(tmp_path, "card")
    with pytest.raises((BrokenImageError, UnsupportedImageError)):
        load(broken, "card")
    for candidate, index in ((first, 0), (last, 2)):
        expected = validation.degrade(pixels(tmp_path / candidate.name), index)
        assert np.array_equal(load(candidate, "card").low, expected)
    assert not np.array_equal(load(last, "card").low, validation.degrade(pixels(tmp_path / "c.png"), 0))


@pytest.mark.parametrize(("size", "even"), [((21, 30), (20, 30)), ((20, 31), (20, 30)), ((21, 31), (20, 30))])
def test_odd_sides_lose_their_last_line(tmp_path, draw, pixels, size, even):
    target = pixels(draw(tmp_path / "a.png", *size))
    pair = load(candidates(tmp_path, "bicubic")[0], "bicubic")
    assert np.array_equal(pair.high, target[: even[0], : even[1]])
    assert pair.low.shape == (even[0] // 2, even[1] // 2, 3)
    assert pair.cropped


@pytest.mark.parametrize("partner", ["a.webp", "ax2.png", "a.png"])
def test_partners_by_name(tmp_path, draw, partner):
    draw(tmp_path / "high" / "a.png", 21, 30)
    draw(tmp_path / "low" / partner, 10, 15)
    (candidate,) = candidates(tmp_path / "high", tmp_path / "low")
    assert candidate.low == (tmp_path / "low" / partner,)
    if partner.endswith(".png"):  # WebP loses by default
        with Image.open(tmp_path / "low" / partner) as small:
            assert np.array_equal(load(candidate, tmp_path / "low").low, np.asarray(small))


def test_a_target_called_x2_keeps_its_own_partner(tmp_path, draw):
    for name in ("a.png", "ax2.png"):
        draw(tmp_path / "high" / name, 20, 30)
        draw(tmp_path / "low" / name, 10, 15)
    found = candidates(tmp_path / "high", tmp_path / "low")
    assert [[path.name for path in candidate.low] for candidate in found] == [["a.png"], ["ax2.png"]]


def test_partners_that_are_missing_lonely_ambiguous_or_of_another_size(tmp_path, draw):
    high, low = tmp_path / "high", tmp_path / "low"
    for name in ("alone.png", "twice.png", "size.png"):
        draw(high / name, 20, 30)
    for name, rows in (("twice.png", 10), ("twice.jpg", 10), ("size.png", 11), ("target-less.png", 10)):
        draw(low / name, rows, 15)
    reasons = {}
    for candidate in candidates(high, low):
        with pytest.raises(DataError) as caught:
            load(candidate, low)
        reasons[candidate.name] = str(caught.value)
    assert "no partner" in reasons["alone.png"]
    assert "2 partners" in reasons["twice.png"]
    assert "20x30" in reasons["size.png"]
    assert "11x15" in reasons["size.png"]
    assert "no target" in reasons["target-less.png"]


@pytest.mark.parametrize(
    ("mode", "reason"), [("L", "is gray"), ("RGBA", "alpha"), ("LA", "alpha"), ("I;16", "16 bits a channel")]
)
def test_other_kinds_are_refused_by_name(tmp_path, draw, mode, reason):
    draw(tmp_path / "a.png", 20, 30, mode)
    with pytest.raises(UnsupportedImageError, match=f"a.png .*{reason}"):
        load(candidates(tmp_path, "bicubic")[0], "bicubic")


def test_gray_as_rgb_on_request(tmp_path, draw, pixels):
    gray = pixels(draw(tmp_path / "a.png", 20, 30, "L"))
    pair = load(candidates(tmp_path, "bicubic")[0], "bicubic", gray_as_rgb=True)
    assert np.array_equal(pair.high, np.stack([gray] * 3, axis=2))


def test_a_single_pixel_cannot_be_halved(tmp_path, draw):
    draw(tmp_path / "a.png", 1, 30)
    with pytest.raises(DataError, match="1x30"):
        load(candidates(tmp_path, "bicubic")[0], "bicubic")


def test_folders_that_are_missing_or_empty(tmp_path, draw):
    draw(tmp_path / "high" / "a.png", 20, 30)
    (tmp_path / "empty").mkdir()
    for high, low in ((Path("none"), "bicubic"), (tmp_path / "empty", "card"), (tmp_path / "high", tmp_path / "empty")):
        with pytest.raises(MissingInputError):
            candidates(high, low)


def test_a_candidate_without_target_names_itself():
    with pytest.raises(DataError, match=r"lonely\.png"):
        load(Candidate(-1, "lonely.png", None, (Path("lonely.png"),)), Path("low"))
