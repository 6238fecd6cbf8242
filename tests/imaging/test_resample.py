import hashlib
from fractions import Fraction

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from paragonsr.imaging.kernels import (
    BICUBIC,
    BILINEAR,
    BOX,
    KERNELS,
    LANCZOS3,
    MAGIC_KERNEL_SHARP_2013,
    MAGIC_KERNEL_SHARP_2021,
    NEAREST,
    Kernel,
)
from paragonsr.imaging.resample import Edge, apply, as_integers, chain, matrix, resample, taps

PILLOW = [
    (BICUBIC, Image.Resampling.BICUBIC),
    (BILINEAR, Image.Resampling.BILINEAR),
    (LANCZOS3, Image.Resampling.LANCZOS),
    (BOX, Image.Resampling.BOX),
    (NEAREST, Image.Resampling.NEAREST),
]
VIPS = {"mks2021": MAGIC_KERNEL_SHARP_2021, "mks2013": MAGIC_KERNEL_SHARP_2013, "lanczos3": LANCZOS3}

lengths = st.integers(1, 60)
kernels = st.sampled_from(list(KERNELS.values()))
edges = st.sampled_from(["clamp", "renormalise"])
quick = settings(deadline=None, max_examples=80)


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


# Pillow's box gives a tie wholly to one side and thereby shifts; targets that are odd, halves and wholes have no tie.
@pytest.mark.parametrize("size", [(31, 23), (122, 94), (45, 33), (7, 101), (61, 47), (1, 1)])
@pytest.mark.parametrize(("kernel", "filter_"), PILLOW, ids=lambda value: getattr(value, "name", None))
def test_equals_pillow(kernel: Kernel, filter_: Image.Resampling, size: tuple[int, int]):
    image = noise(61, 47).astype(np.float32)
    expected = np.asarray(Image.fromarray(image).resize(size[::-1], filter_))
    assert abs(resample(image, size, kernel, edge="renormalise") - expected).max() < 1e-4


@pytest.mark.parametrize(("kernel", "filter_"), PILLOW, ids=lambda value: getattr(value, "name", None))
def test_equals_pillow_in_8_bits_within_one_level(kernel: Kernel, filter_: Image.Resampling):
    image = noise(62, 46, 3) // 2 + 64  # Pillow clips between its passes: keep the overshoot within range
    for size in ((31, 23), (124, 92)):
        expected = np.asarray(Image.fromarray(image).resize(size[::-1], filter_)).astype(int)
        assert abs(resample(image, size, kernel, edge="renormalise") - expected).max() <= 1


@pytest.mark.parametrize("size", [(27, 32), (54, 40), (80, 63)])
@pytest.mark.parametrize("name", VIPS)
def test_equals_libvips_borders_included(name: str, size: tuple[int, int]):
    image = np.random.default_rng(3).random((81, 64, 3))
    reduced = pyvips.Image.new_from_array(image).reducev(81 / size[0], kernel=name)
    expected = reduced.reduceh(64 / size[1], kernel=name).numpy()
    assert abs(resample(image, size, VIPS[name]) - expected).max() < 1e-8


def test_enlarging_by_magic_kernel_sharp_2021_is_filter_then_doubling():
    x = np.random.default_rng(5).random(40)
    sharp = np.convolve(np.pad(x, 8, mode="edge"), np.array([-1, 6, -35, 204, -35, 6, -1]) / 144, mode="same")
    doubled = np.convolve(np.kron(sharp, [1, 0]), np.array([1, 9, 22, 22, 9, 1]) / 32)
    found = resample(x[:, None], (80, 1), MAGIC_KERNEL_SHARP_2021)[:, 0]
    assert abs(found - doubled[18:98]).max() < 2e-9  # weights are whole multiples of 2**-32


def test_frequency_response_of_magic_kernel_sharp_2021():
    row = taps(40, 80, MAGIC_KERNEL_SHARP_2021)
    offsets = row.indices[40:42] + 0.5 - (np.arange(40, 42)[:, None] + 0.5) / 2
    response = [np.sum(row.weights[40:42] * np.cos(np.pi * f * offsets)) / 2 for f in (0, 0.25, 0.5, 0.75, 1)]
    assert response == pytest.approx([1, 1.002, 0.975, 0.851, 0.530], abs=1e-3)


@quick
@given(lengths, lengths, kernels, edges)
def test_weights_sum_to_exactly_one_in_multiples_of_two_to_minus_32(
    source: int, target: int, kernel: Kernel, edge: Edge
):
    found = taps(source, target, kernel, edge=edge)
    assert all(sum(map(Fraction, row.tolist())) == 1 for row in found.weights)
    assert np.array_equal(found.weights * 2**32, np.rint(found.weights * 2**32))
    assert found.indices.min() >= 0
    assert found.indices.max() < source


@quick
@given(lengths, lengths, lengths, kernels, edges, st.integers(0, 255))
def test_constant_stays_constant(h: int, w: int, target: int, kernel: Kernel, edge: Edge, value: int):
    flat = np.full((h, w, 3), value, np.uint8)
    assert (resample(flat, (target, w), kernel, edge=edge) == value).all()
    assert (resample(flat.astype(np.float64), (h, target), kernel, edge=edge) == value).all()


def ramp_error(source: int, target: int, kernel: Kernel) -> float:
    """The largest distance, in source pixels, of a resampled ramp from the true ramp, borders left out."""
    ramp = np.arange(source) + 0.5
    found = resample(ramp[:, None], (target, 1), kernel)[:, 0]
    true = (np.arange(target) + 0.5) * source / target
    reach = kernel.support * max(1, source / target)
    inside = (true >= reach) & (true <= source - reach)
    assert inside.any()
    return abs(found - true)[inside].max()


@quick
@given(st.integers(12, 60), st.integers(1, 200), st.sampled_from([BILINEAR, BICUBIC, *list(KERNELS.values())[:2]]))
def test_ramp_stays_a_ramp_when_enlarged(source: int, more: int, kernel: Kernel):
    assert ramp_error(source, source + more, kernel) < 1e-6


@pytest.mark.parametrize("kernel", [kernel for kernel in KERNELS.values() if kernel is not NEAREST])
def test_ramp_stays_a_ramp_when_halved_by_a_symmetric_kernel(kernel: Kernel):
    assert ramp_error(60, 30, kernel) < 1e-6


@pytest.mark.parametrize(
    ("kernel", "bound"), [(LANCZOS3, 0.04), (BOX, 0.5), (NEAREST, 0.5)], ids=lambda value: getattr(value, "name", None)
)
def test_ramp_of_the_other_kernels_stays_within_a_bound(kernel: Kernel, bound: float):
    assert max(ramp_error(40, target, kernel) for target in range(41, 160)) <= bound


@quick
@given(lengths, lengths, kernels.filter(lambda kernel: kernel is not NEAREST), edges)
def test_mirrored_picture_gives_the_mirrored_result(source: int, target: int, kernel: Kernel, edge: Edge):
    dense = matrix(source, target, kernel, edge=edge)
    assert abs(dense[::-1, ::-1] - dense).max() < 64 / 2**32  # the remainder of rounding sits on one tap


@quick
@given(lengths, lengths, lengths, lengths, kernels, edges)
def test_resample_is_its_dense_matrices(h: int, w: int, rows: int, columns: int, kernel: Kernel, edge: Edge):
    image = np.random.default_rng(h * w).random((h, w))
    expected = matrix(h, rows, kernel, edge=edge) @ image @ matrix(w, columns, kernel, edge=edge).T
    assert abs(resample(image, (rows, columns), kernel, edge=edge) - expected).max() < 1e-12


@pytest.mark.parametrize("kernel", [BICUBIC, BILINEAR, LANCZOS3, BOX, NEAREST], ids=lambda kernel: kernel.name)
def test_interpolating_kernels_keep_a_picture_of_the_same_size(kernel: Kernel):
    assert np.array_equal(resample(noise(9, 14, 3), (9, 14), kernel), noise(9, 14, 3))


@quick
@given(lengths, lengths)
def test_nearest_takes_the_pixel_under_the_centre(source: int, target: int):
    centres = [Fraction(2 * i + 1, 2) * source / target for i in range(target)]
    assert taps(source, target, NEAREST).indices[:, 0].tolist() == [int(centre) for centre in centres]


def test_16_bits_keep_their_precision():
    image = noise(20, 20).astype(np.uint16) * 257
    wide = resample(image, (33, 13), BICUBIC)
    assert wide.dtype == np.uint16
    exact = resample(image.astype(np.float64), (33, 13), BICUBIC)
    assert abs(wide - exact.clip(0, 65535)).max() <= 0.5


def test_integers_are_clipped_and_floats_are_not():
    edge = np.repeat([0, 255], 8).astype(np.uint8)[:, None]
    assert set(resample(edge, (16 * 3, 1), LANCZOS3).ravel()[[0, -1]]) == {0, 255}
    free = resample(edge.astype(np.float32), (16 * 3, 1), LANCZOS3)
    assert free.dtype == np.float64
    assert free.min() < -5
    assert free.max() > 260


def test_shared_taps_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        taps(10, 5, BOX).weights[0] = 0


def test_numbers_are_the_same_on_every_machine():
    i = np.arange(48 * 37 * 3, dtype=np.int64).reshape(48, 37, 3)
    image = (i * i * 7919 % 251).astype(np.uint8)
    digest = hashlib.sha256()
    for kernel in KERNELS.values():
        for size in ((24, 18), (31, 50), (96, 74)):
            digest.update(resample(image, size, kernel).tobytes())
            digest.update(resample(image.astype(np.float64), size, kernel).tobytes())
    assert digest.hexdigest() == "56640b13238571327052291496f1a367d3d8253940d65932bde912512ca59e04"


def test_wrong_pictures_and_sizes_are_named():
    with pytest.raises(ValueError, match="2 or 3 dimensions"):
        resample(np.zeros((2, 2, 3, 1)), (1, 1), BOX)
    with pytest.raises(TypeError, match="int32"):
        resample(np.zeros((2, 2), np.int32), (1, 1), BOX)  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(ValueError, match="at least 1"):
        resample(np.zeros((2, 2)), (0, 1), BOX)
    with pytest.raises(ValueError, match="at least 1"):
        resample(np.zeros((0, 2)), (1, 1), BOX)


@pytest.mark.parametrize("shape", [(2, 2, 3), (130, 66, 3), (258, 34)])
@pytest.mark.parametrize("kernel", [BICUBIC, MAGIC_KERNEL_SHARP_2021])
def test_a_chain_in_bands_is_the_whole_to_the_bit(shape: tuple[int, ...], kernel: Kernel) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    height, width = shape[:2]
    up = taps(height, 3 * height // 2, LANCZOS3), taps(width, 3 * width // 2, LANCZOS3)
    down = taps(3 * height // 2, height // 2, kernel), taps(3 * width // 2, width // 2, kernel)
    whole = as_integers(apply(apply(image.astype(np.float64), *up), *down), image.dtype)
    assert np.array_equal(chain(image, up, down), whole)
