"""Colour under transparent pixels: what an enlargement mixes into the visible edge."""

from collections.abc import Iterator

import numpy as np

_BAND = 256  # coarse rows worked on at once: the full-size planes in float would be larger than the picture's result
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
    for channel in range(rgb.shape[2]):
        coarse = _filled(*_pushed(rgb[..., channel], alpha))
        for fine, rows, inner in _bands(
            len(alpha)
        ):  # a hidden pixel has no colour of its own: all is the coarse grid's
            filled = _doubled(coarse[rows], (2 * (rows.stop - rows.start), alpha.shape[1]))[inner]
            band = hidden[fine]
            result[fine, :, channel][band] = np.rint(filled[: len(band)][band])
    return result


def _bands(height: int) -> Iterator[tuple[slice, slice, slice]]:
    """Fine rows, the coarse rows they need (one more at each side), and where those fine rows lie in their doubling."""
    coarse = (height + 1) // 2
    for start in range(0, coarse, _BAND):
        stop, above = min(start + _BAND, coarse), max(start - 1, 0)
        fine = slice(2 * start, min(2 * stop, height))
        first = 2 * (start - above)
        yield fine, slice(above, min(stop + 1, coarse)), slice(first, first + fine.stop - fine.start)


def _pushed(colour: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Colour weighted by alpha, and the weights, both summed onto the next coarser grid. HW -> HW/2 float32."""
    total, weight = list[np.ndarray](), list[np.ndarray]()
    for fine, rows, inner in _bands(len(alpha)):
        window = slice(2 * rows.start, 2 * rows.stop)
        part = alpha[window].astype(np.float32) / np.float32(np.iinfo(alpha.dtype).max)
        own = slice(inner.start // 2, inner.start // 2 + (fine.stop - fine.start + 1) // 2)
        total.append(_halved(colour[window] * part)[own])
        weight.append(_halved(part)[own])
    return np.concatenate(total), np.concatenate(weight)


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
