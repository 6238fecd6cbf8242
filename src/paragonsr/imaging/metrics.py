"""How far a picture is from its target. Pictures are HWC RGB or HW gray, uint8 or float in 0 to 255."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paragonsr.errors import DataError
from paragonsr.imaging.kernels import Floats

Picture = NDArray[Any]

_PEAK = 255.0
_WINDOW = 11
_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of MS-SSIM's scales, finest first

MS_SSIM_SIDE = _WINDOW * 2 ** (len(_EXPONENTS) - 1)
"""The smallest side, in pixels, that holds the window at every scale of MS-SSIM."""


def luma(rgb: Picture) -> Floats:
    """Y of BT.601 in limited range, 16 to 235, unrounded (MATLAB's rgb2ycbcr); HW counts as R = G = B."""
    values = rgb.astype(np.float64)
    if values.ndim == 2:
        return 16 + 219 / 255 * values
    return 16 + (65.481 * values[..., 0] + 128.553 * values[..., 1] + 24.966 * values[..., 2]) / 255


def psnr_y(a: Picture, b: Picture, *, border: int) -> float:
    """10 log10(255^2 / MSE) in dB on luma without `border` pixels at each side; infinite when equal.

    Raises DataError when the sizes differ or the border leaves nothing.
    """
    left, right = _lumas(a, b, border, least=1)
    error = float(np.mean((left - right) ** 2))
    return float("inf") if error == 0 else float(10 * np.log10(_PEAK**2 / error))


def ssim_y(a: Picture, b: Picture, *, border: int) -> float:
    """Mean SSIM on luma without `border` pixels at each side (Wang et al. 2004, equation 13).

    Gaussian window 11x11 of sigma 1.5, K1 = 0.01, K2 = 0.03, peak 255, only where the window fits. Raises
    DataError when the sizes differ or fewer than 11 pixels are left.
    """
    x, y = _lumas(a, b, border, least=_WINDOW)
    luminance, contrast = _similarity(x, y)
    return float(np.mean(luminance * contrast))


def ssims_y(a: Picture, b: Picture, *, border: int) -> tuple[float, float | None]:
    """`ssim_y`, and MS-SSIM of the same pixels (Wang, Simoncelli and Bovik 2003, equation 7), whose first scale it is.

    The paper's five scales and exponents, halved by means of 2x2; a scale whose contrast is negative counts as 0.
    None for MS-SSIM when fewer than `MS_SSIM_SIDE` pixels are left; raises DataError as `ssim_y` does.
    """
    x, y = _lumas(a, b, border, least=_WINDOW)
    luminance, contrast = _similarity(x, y)
    single, product = float(np.mean(luminance * contrast)), 1.0
    if min(x.shape) < MS_SSIM_SIDE:
        return single, None
    for exponent in _EXPONENTS[:-1]:
        product *= max(float(np.mean(contrast)), 0.0) ** exponent
        x, y = _half(x), _half(y)
        luminance, contrast = _similarity(x, y)
    return single, product * max(float(np.mean(luminance * contrast)), 0.0) ** _EXPONENTS[-1]


def colour_shift(a: Picture, b: Picture) -> float:
    """Mean over the channels of |mean of a - mean of b|, in 1/255. Raises DataError when shapes differ."""
    _same_size(a, b)
    return float(np.mean(np.abs(_means(a) - _means(b))))


def overshoot(image: Picture, target: Picture) -> float:
    """Mean excess of luma over the target's 3x3 maximum or under its 3x3 minimum, in 1/255: how much of it is halo.

    Luma is in full range, 0 to 255. Raises DataError when shapes differ or a side is below 3.
    """
    x, y = ((plane - 16) * (255 / 219) for plane in _lumas(image, target, 0, least=3))
    highest, lowest = _around(np.maximum, y), _around(np.minimum, y)
    inner = x[1:-1, 1:-1]
    return float(np.mean(np.maximum(np.maximum(inner - highest, lowest - inner), 0)))


def flicker(before: Picture, image: Picture, target_before: Picture, target: Picture) -> float:
    """Mean of |change of luma - change of the target's| from one frame of a film to the next, in 1/255.

    0 where the film changes as its target does, whatever each frame looks like. Luma is in full range, 0 to 255.
    Raises DataError when shapes differ.
    """
    for each in (before, image, target_before):
        _same_size(each, target)
    change, wanted = luma(image) - luma(before), luma(target) - luma(target_before)
    return float(np.mean(np.abs(change - wanted))) * (255 / 219)


def checkerboard_energy(image: Picture) -> float:
    """Energy of luma at (pi, 0), (0, pi) and (pi, pi), where a 2x tail leaves its grid, in squared 1/255.

    Mean over the whole 8x8 blocks of the squared alternating means; a picture's own texture has some as well,
    so compare with its target's. Raises DataError below 8x8.
    """
    y = luma(image)
    rows, columns = y.shape[0] // 8, y.shape[1] // 8
    if not (rows and columns):
        raise DataError(f"checkerboard energy needs 8x8 pixels, not {y.shape[0]}x{y.shape[1]}")
    blocks = y[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8)
    flip = np.resize([1.0, -1.0], 8)
    down, along = flip[:, None, None] * blocks, flip * blocks
    amplitudes = np.mean(np.stack([down, along, flip * down]), axis=(2, 4))
    return float(np.sum(amplitudes**2)) / (rows * columns)


def _around(extreme: np.ufunc, y: Floats) -> Floats:
    """The extreme of each 3x3 neighbourhood that fits: [h, w] -> [h - 2, w - 2]."""
    for _ in y.shape:
        y = extreme(extreme(y[:-2], y[1:-1]), y[2:]).T
    return y


def _means(image: Picture) -> Floats:
    return np.mean(image.astype(np.float64), axis=(0, 1))


def _same_size(a: Picture, b: Picture) -> None:
    if a.shape != b.shape:
        raise DataError(f"pictures to compare must have one size, not {a.shape} and {b.shape}")


def _lumas(a: Picture, b: Picture, border: int, *, least: int) -> tuple[Floats, Floats]:
    _same_size(a, b)
    height, width = a.shape[:2]
    if border < 0 or min(height, width) - 2 * border < least:
        raise DataError(f"a border of {border} leaves fewer than {least} pixels of {height}x{width}")
    inner = np.s_[border : height - border, border : width - border]
    return luma(a)[inner], luma(b)[inner]


def _similarity(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The luminance and the contrast-structure maps (Wang et al. 2004, equations 6 and 13) where the window fits."""
    c1, c2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2
    mean_x, mean_y = _window(x), _window(y)
    variances = _window(x * x) + _window(y * y) - mean_x**2 - mean_y**2
    covariance = _window(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance, (2 * covariance + c2) / (variances + c2)


def _half(values: Floats) -> Floats:
    """Means of 2x2; an odd last row or column is left out."""
    rows, columns = values.shape[0] // 2, values.shape[1] // 2
    return values[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2).mean((1, 3))


def _window(values: Floats) -> Floats:
    """The Gaussian mean at each place where the window fits: [h, w] -> [h - 10, w - 10]."""
    offsets = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(offsets**2) / (2 * 1.5**2))
    weights /= weights.sum()
    for _ in values.shape:
        size = len(values) - _WINDOW + 1
        total = np.zeros((size, values.shape[1]))
        for k, weight in enumerate(weights):
            total += weight * values[k : k + size]
        values = total.T
    return values
