"""Colour under transparent pixels: what an enlargement mixes into the visible edge."""

import numpy as np

_TAPS = np.array([1, 3, 3, 1], np.float32) / 8


def bleed(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Spread the colour of visible pixels under the wholly transparent ones, so that enlarging makes no halo.

    rgb: HWC, uint8 or uint16, any number of colour channels; alpha: HW, 0 is transparent. Pixels with alpha above 0
    keep their colour; a picture wholly opaque or wholly transparent is returned as it is. Push-pull filling (Gortler
    et al. 1996, The Lumigraph, section 3.4), linear in the number of pixels: averages weighted by alpha are taken over
    ever coarser grids, and each hole takes the enlargement of the coarser grid.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return rgb
    result = rgb.copy()
    weight = alpha.astype(np.float32) / np.float32(np.iinfo(alpha.dtype).max)
    for channel in range(rgb.shape[2]):
        filled = _filled(rgb[..., channel].astype(np.float32) * weight, weight)
        result[..., channel][hidden] = np.rint(filled[hidden])
    return result


def _filled(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Mean colour total / weight where weight is 1, blended towards the coarser grid's where it is less. HW float32."""
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    if total.size == 1 or weight.min() >= 1:
        return mean
    coarse = _filled(_halved(total), _halved(weight))
    trust = np.minimum(weight, 1)
    return trust * mean + (1 - trust) * _doubled(coarse, total.shape)


def _halved(plane: np.ndarray) -> np.ndarray:
    """Sums (not means: weights shall saturate within few levels) under a tent of four taps, stride 2; zero outside."""
    for axis in (0, 1):
        if plane.shape[axis] == 1:
            continue
        lines = np.moveaxis(plane, axis, 0)
        odd = len(lines) % 2
        padded = np.pad(lines, ((1, 1 + odd), (0, 0)))
        count = (len(lines) + odd) // 2
        halved = sum(2 * tap * padded[start : start + 2 * count : 2] for start, tap in enumerate(_TAPS))
        plane = np.moveaxis(np.asarray(halved), 0, axis)
    return plane


def _doubled(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Linear interpolation at the fine grid's quarter positions, the border repeated; cut to `shape`."""
    for axis in (0, 1):
        if shape[axis] == 1:
            continue
        lines = np.moveaxis(plane, axis, 0)
        padded = np.pad(lines, ((1, 1), (0, 0)), mode="edge")
        doubled = np.empty((2 * len(lines), lines.shape[1]), np.float32)
        doubled[0::2] = 0.75 * lines + 0.25 * padded[:-2]
        doubled[1::2] = 0.75 * lines + 0.25 * padded[2:]
        plane = np.moveaxis(doubled[: shape[axis]], 0, axis)
    return plane
