"""Natural scene statistics against distributions whose shape is known, and sums written out."""

import numpy as np
import pytest

from paragonsr.judges import scenes


@pytest.mark.parametrize(("law", "exponent"), [("normal", 2.0), ("laplace", 1.0)])
def test_the_exponent_of_known_laws(law: str, exponent: float) -> None:
    values = getattr(np.random.default_rng(0), law)(0, 3, 400_000)
    alpha, variance = scenes.symmetric(values)
    assert alpha == pytest.approx(exponent, rel=0.02)
    assert variance == pytest.approx(values.var(), rel=1e-3)
    assert scenes.asymmetric(values).alpha == pytest.approx(exponent, rel=0.03)


def test_two_halves_of_different_width() -> None:
    """The density is continuous at zero: each side holds values in proportion to its deviation."""
    rng = np.random.default_rng(0)
    values = np.concatenate([-np.abs(rng.normal(0, 1, 100_000)), np.abs(rng.normal(0, 3, 300_000))])
    alpha, left, right = scenes.asymmetric(values)
    assert alpha == pytest.approx(2, rel=0.03)
    assert (left, right) == pytest.approx((1, 3), rel=0.02)


@pytest.mark.parametrize("edge", ["zero", "edge"])
def test_normalising_is_the_windowed_sum_written_out(edge: str) -> None:
    plane = np.random.default_rng(0).uniform(0, 255, (80, 21))
    offsets = np.arange(-3, 4)
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    padded = np.pad(plane, 3, mode="edge" if edge == "edge" else "constant")
    around = np.lib.stride_tricks.sliding_window_view(padded, (7, 7))
    mean = np.sum(window * around, axis=(2, 3))
    deviation = np.abs(np.sum(window * around**2, axis=(2, 3)) - mean**2) ** 0.5
    expected = (plane - mean) / (deviation + 1)
    assert scenes.normalise(plane, edge=edge) == pytest.approx(expected, abs=1e-8)


def test_products_are_of_the_four_neighbours() -> None:
    plane = np.arange(12.0).reshape(3, 4)
    across, down, diagonal, other = scenes.products(plane)
    assert across[1, 2] == 6 * 5
    assert down[1, 2] == 6 * 2
    assert diagonal[1, 2] == 6 * 1
    assert other[1, 2] == 6 * 9


def test_what_is_flat_has_no_width() -> None:
    assert scenes.asymmetric(np.zeros((9, 9)))[1:] == (0, 0)
    assert scenes.symmetric(np.zeros((9, 9)))[1] == 0


def test_half_keeps_a_constant_and_a_ramp() -> None:
    ramp = np.broadcast_to(np.arange(20.0), (17, 20))
    found = scenes.half(ramp)
    assert found.shape == (9, 10)
    assert found[:, 2:-2] == pytest.approx(np.broadcast_to(np.arange(0.5, 20, 2), (9, 10))[:, 2:-2], abs=1e-9)
    assert scenes.half(np.full((7, 8), 55.0)) == pytest.approx(np.full((4, 4), 55.0))
