import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paragonsr.degrade.config import Degradation
from paragonsr.degrade.operations import bicubic, blur
from paragonsr.degrade.training import EVEN, Plan, compose, degrade, draw
from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BICUBIC, BOX, LANCZOS3, NEAREST
from paragonsr.imaging.resample import apply, taps

CARD = Degradation()
DRAWS = 3000
quick = settings(deadline=None, max_examples=60)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [draw(5, "tile", step, CARD) for step in range(DRAWS)]


def close(count: int, probability: float, of: int) -> bool:
    """Within five standard deviations of a binomial count."""
    return abs(count - of * probability) < 5 * (of * probability * (1 - probability)) ** 0.5


def test_half_of_the_plans_blur_by_a_uniform_sigma(plans: list[Plan]):
    sigmas = np.array([plan.sigma for plan in plans if plan.sigma])
    assert close(len(sigmas), 0.5, DRAWS)
    assert 0 < sigmas.min() < sigmas.max() < 0.8
    assert all(close(int((sigmas < limit).sum()), limit / 0.8, len(sigmas)) for limit in (0.2, 0.4, 0.6))


def test_chains_have_the_cards_numbers(plans: list[Plan]):
    chains = [plan.steps for plan in plans if plan.steps]
    assert close(len(chains), 0.15, DRAWS)
    lengths = Counter(len(steps) for steps in chains)
    assert set(lengths) == {2, 3}
    assert close(lengths[2], 0.5, len(chains))
    ratios = np.array([ratio for steps in chains for ratio, _ in steps])
    assert 0.6 <= ratios.min() < ratios.max() <= 0.9
    assert close(int((ratios < 0.75).sum()), 0.5, len(ratios))


def test_kernels_are_drawn_evenly_and_nearest_in_chains_only(plans: list[Plan]):
    last = Counter(plan.last for plan in plans)
    assert set(last) == set(EVEN)
    assert NEAREST not in last
    assert all(close(count, 1 / 5, DRAWS) for count in last.values())
    inside = Counter(kernel for plan in plans for _, kernel in plan.steps)
    assert set(inside) == {*EVEN, NEAREST}
    assert all(close(count, 1 / 6, inside.total()) for count in inside.values())


def test_the_plan_is_a_pure_function_of_seed_tile_and_step():
    plan = draw(1, "a", 2, CARD)
    np.random.default_rng().random()
    assert draw(1, "a", 2, CARD) == plan
    blurred = Degradation(blur_probability=1.0)  # the sigma tells every two plans apart
    keys = [
        (1, "a", 2),
        (2, "a", 2),
        (1, "b", 2),
        (1, "a", 3),
        (1, 1, 1),
        (1, "1", 1),
        (11, 1, 1),
        (1, 11, 1),
        (1, 1, 11),
    ]
    assert len({draw(seed, tile, step, blurred).sigma for seed, tile, step in keys}) == len(keys)


def test_another_process_draws_the_same_plans():
    code = (
        "from paragonsr.degrade.training import draw; from paragonsr.degrade.config import Degradation;"
        "print([(p.sigma, [(r, k.name) for r, k in p.steps], p.last.name)"
        " for p in (draw(1, f't{i}', i, Degradation()) for i in range(20))])"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "77"}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    plans = [draw(1, f"t{i}", i, CARD) for i in range(20)]
    mine = [(p.sigma, [(r, k.name) for r, k in p.steps], p.last.name) for p in plans]
    assert found.stdout.strip() == str(mine)


@pytest.mark.parametrize(
    "plan",
    [
        Plan(0.0, (), BOX),
        Plan(0.7, (), LANCZOS3),
        Plan(0.4, ((0.73, NEAREST), (0.9, BICUBIC)), LANCZOS3),
        Plan(0.0, ((0.6, LANCZOS3), (0.6, BOX), (0.61, BICUBIC)), BICUBIC),
    ],
    ids=["box", "blurred lanczos3", "chain of two", "chain of three"],
)
def test_a_plan_is_its_operations_one_after_another(plan: Plan):
    image = np.random.default_rng(0).random((48, 30))
    expected = apply(image, blur(48, plan.sigma), blur(30, plan.sigma))
    for ratio, kernel in plan.steps:
        height, width = expected.shape
        rows, columns = round(height * ratio), round(width * ratio)
        expected = apply(expected, taps(height, rows, kernel), taps(width, columns, kernel))
    height, width = expected.shape
    expected = apply(expected, taps(height, 24, plan.last), taps(width, 15, plan.last))
    assert abs(compose(48, plan) @ image @ compose(30, plan).T - expected).max() < 1e-12


@pytest.mark.parametrize("shape", [(40, 40, 3), (64, 34, 3)])
def test_degrade_is_the_rounded_product_of_its_plan(shape: tuple[int, int, int]):
    hr = noise(*shape)
    for step in range(30):
        plan = draw(3, 9, step, CARD)
        exact = np.einsum("yh,hwc,xw->yxc", compose(shape[0], plan), hr, compose(shape[1], plan), optimize=True)
        low = degrade(hr, seed=3, tile=9, step=step)
        assert low.dtype == np.uint8
        assert abs(low - exact.clip(0, 255)).max() < 0.5 + 1e-3


@quick
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 255), st.integers(0, 500))
def test_constant_stays_constant(half_height: int, half_width: int, value: int, step: int):
    hr = np.full((2 * half_height, 2 * half_width, 3), value, np.uint8)
    low = degrade(hr, seed=0, tile="flat", step=step, config=Degradation(chain_probability=0.5))
    assert low.shape == (half_height, half_width, 3)
    assert (low == value).all()


@quick
@given(st.integers(0, 500))
def test_gray_stays_gray(step: int):
    hr = np.repeat(noise(50, 46, 1), 3, axis=2)
    low = degrade(hr, seed=0, tile="gray", step=step)
    assert np.array_equal(low[..., 0], low[..., 1])
    assert np.array_equal(low[..., 0], low[..., 2])


def test_bicubic_kind_is_clean_bicubic_halves():
    low = degrade(noise(60, 44, 3), seed=1, tile=2, step=3, config=Degradation(kind="bicubic"))
    expected = bicubic(noise(60, 44, 3))
    assert abs(low.astype(int) - expected).max() <= 1  # float32 may fall on the other side of a tie
    assert np.mean(low != expected) < 1e-3


def test_the_target_is_not_touched_and_the_input_is_contiguous():
    hr = noise(20, 20, 3)
    hr.flags.writeable = False
    low = degrade(hr[:, ::-1], seed=0, tile=0, step=0)
    assert low.flags.c_contiguous


def test_odd_targets_are_named():
    with pytest.raises(DataError, match="21x20"):
        degrade(noise(21, 20, 3), seed=0, tile=0, step=0)
