import hashlib

import numpy as np
import pytest

from paragonsr.degrade.validation import PATTERN, degrade
from paragonsr.errors import DataError
from paragonsr.imaging.kernels import BICUBIC, BILINEAR, LANCZOS3, MAGIC_KERNEL_SHARP_2021


def synthetic() -> np.ndarray:
    """Texture from whole numbers alone, so that it is the same everywhere."""
    i = np.arange(48 * 40 * 3, dtype=np.int64).reshape(48, 40, 3)
    return (i * i * 7919 % 251).astype(np.uint8)


def test_bytes_are_the_same_on_every_machine():
    digest = hashlib.sha256(b"".join(degrade(synthetic(), index).tobytes() for index in range(4)))
    assert digest.hexdigest() == "c6bb31ae07cc445e38f93d39f6b773fb011f80a731c12a67fe2bdf65001aa77b"


def test_the_pattern_repeats_every_four_and_differs_within():
    assert PATTERN == (MAGIC_KERNEL_SHARP_2021, BICUBIC, LANCZOS3, BILINEAR)
    lows = [degrade(synthetic(), index) for index in range(8)]
    assert all(np.array_equal(a, b) for a, b in zip(lows[:4], lows[4:], strict=True))
    assert len({low.tobytes() for low in lows}) == 4


@pytest.mark.parametrize("index", range(4))
def test_inside_it_is_one_filter_made_of_blur_and_kernel(index: int):
    hr = synthetic()
    kernel = PATTERN[index]
    gauss = np.exp(-(np.arange(-2, 3) ** 2) / (2 * 0.5**2))
    half = kernel.weight((np.arange(-10, 10) + 0.5) / 2)
    fir = np.convolve(gauss / gauss.sum(), half / half.sum())
    down = sum(w * hr[k : 48 - len(fir) + k + 1] for k, w in enumerate(fir))
    both = sum(w * down[:, k : 40 - len(fir) + k + 1] for k, w in enumerate(fir))
    expected = both[1::2, 1::2].clip(0, 255)
    first = 6  # low pixel i begins at target pixel 2i - 11: the first whole window is that of i = 6
    found = degrade(hr, index)[first : first + len(expected), first : first + expected.shape[1]]
    assert abs(found - expected).max() < 0.5 + 1e-6


def test_constants_and_gray_stay_so():
    for index in range(4):
        for value in (0, 1, 127, 254, 255):
            assert (degrade(np.full((10, 6, 3), value, np.uint8), index) == value).all()
        gray = synthetic()[..., 0]
        assert np.array_equal(degrade(np.repeat(gray[..., None], 3, 2), index)[..., 1], degrade(gray, index))


def test_odd_targets_are_named():
    with pytest.raises(DataError, match="47x40"):
        degrade(synthetic()[1:], 0)
