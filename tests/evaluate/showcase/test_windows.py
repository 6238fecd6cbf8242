"""Windows are told apart by what is in them, and differences are what they are defined to be."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from paragonsr.errors import DataError
from paragonsr.evaluate.showcase import windows
from paragonsr.evaluate.showcase.windows import SIDE, around, closest_look, survey

GRAY = np.full((SIDE, SIDE, 3), 128, np.uint8)


def rgb(plane):
    return np.repeat(np.clip(np.rint(plane), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def stripes():
    return rgb(128 + 80 * np.sin(np.arange(SIDE) * np.pi / 3)[:, None] * np.ones(SIDE))


def leaves():
    """Noise without a direction, as strong as the stripes."""
    return rgb(np.random.default_rng(0).normal(128, 50, (SIDE, SIDE)))


def sky():
    return rgb(np.linspace(90, 170, SIDE)[:, None] * np.ones(SIDE))


@pytest.mark.parametrize(("kind", "winner"), [("lines", stripes), ("texture", leaves), ("gradient", sky)])
def test_each_kind_is_found_among_the_others(kind, winner):
    """A flat field is in the contest too, and a hard edge, which is neither fine nor smooth."""
    edge = GRAY.copy()
    edge[:, SIDE // 2 :] = 250
    made = {"stripes": stripes(), "leaves": leaves(), "sky": sky(), "flat": GRAY, "edge": edge}
    scores = {name: getattr(survey(0, picture, [GRAY, GRAY])[0], kind) for name, picture in made.items()}
    best, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    assert best == winner.__name__
    assert scores[best] > 1.5 * scores[second], scores


def test_turning_a_picture_changes_no_score():
    picture = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    (window,), (turned,) = (survey(0, one, [GRAY, GRAY]) for one in (picture, np.ascontiguousarray(np.rot90(picture))))
    assert_allclose(turned, window, rtol=1e-9)


def test_windows_lie_on_a_grid_and_differ_by_what_lies_in_them():
    """A field 10 levels brighter in one quarter: luma differs there by 10 x 219/255, elsewhere not."""
    low, high = np.full((384, 336, 3), 100, np.uint8), np.full((384, 336, 3), 100, np.uint8)
    high[:192, :192] += 10
    found = survey(7, low, [low, high])
    assert {(window.top, window.left) for window in found} == {
        (y, x) for y in range(0, 193, 48) for x in range(0, 145, 48)
    }
    for window in found:
        share = max(0, 192 - window.top) * max(0, 192 - window.left) / SIDE**2
        assert window.picture == 7
        assert window.difference == pytest.approx(10 * 219 / 255 * share)


def test_strips_are_seamless(monkeypatch):
    target = np.random.default_rng(3).integers(0, 256, (402, 250, 3), np.uint8)
    rivals = [target // 2, target // 3]
    whole = survey(0, target, rivals)
    for rows in (16, 160):
        monkeypatch.setattr(windows, "_STRIP", rows)
        assert_allclose(survey(0, target, rivals), whole, rtol=1e-9)


def test_of_several_rivals_the_two_furthest_apart_count():
    rivals = [GRAY, GRAY + np.uint8(3), GRAY - np.uint8(4)]
    assert survey(0, GRAY, rivals)[0].difference == pytest.approx(7 * 219 / 255)


def test_a_picture_too_small_says_so():
    with pytest.raises(DataError, match="191x300: too small for a crop of 192x192"):
        survey(0, np.zeros((191, 300, 3), np.uint8), [])


@pytest.mark.parametrize(
    ("centre", "corner"), [((150, 200), (54, 104)), ((0, 0), (0, 0)), ((999, 999), (208, 308)), ((151, 201), (54, 104))]
)
def test_around_a_face(centre, corner):
    target = np.random.default_rng(2).integers(0, 200, (401, 501, 3), np.uint8)
    target = target[:400, :500]
    top, left = corner
    rival = target.copy()
    rival[top : top + SIDE, left : left + SIDE] += 5
    window = around(3, target, [target, rival], centre)
    assert (window.picture, window.top, window.left) == (3, *corner)
    assert window.difference == pytest.approx(5 * 219 / 255)


def test_the_closest_look_is_where_rivals_differ():
    rival = GRAY.copy()
    rival[64:160, 80:176] += 9
    assert closest_look([GRAY, rival], 96) == (64, 80)
