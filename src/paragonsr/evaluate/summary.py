"""What the figures of all pictures come to: means, who is better than whom and how surely, and what is missing."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import fmean

from msgspec import convert
from msgspec.structs import fields

from paragonsr.evaluate import statistics
from paragonsr.evaluate.jury import COLUMNS, LEAST
from paragonsr.evaluate.report import Comparison, Figures, Item, Summary
from paragonsr.evaluate.yardstick import BORDER, decibels, finite
from paragonsr.imaging.kernels import LANCZOS3
from paragonsr.imaging.metrics import MS_SSIM_SIDE

FIGURES: tuple[str, ...] = tuple(field.name for field in fields(Figures))
HIGHER = ("psnr_y", "ssim_y", "ms_ssim_y")
"""The figures of which more is better; of the others less is."""

_COMPARED = tuple(name for name in FIGURES if name != "checkerboard")  # which is good where it is the target's
_JUDGES = f"a side below {LEAST} pixels"
_WHY = {
    "ms_ssim_y": f"a side below {MS_SSIM_SIDE + 2 * BORDER} pixels",
    "lpips_alex": _JUDGES,
    "lpips_vgg": _JUDGES,
    "dists": _JUDGES,
    "niqe": f"{_JUDGES}, or fewer than two blocks of 96x96 with any texture",
    "brisque": _JUDGES,
    "flicker": "no frame of its size before it",
}


def summarise(items: Sequence[Item]) -> dict[str, Summary]:
    """The means of every method; empty without items."""
    return {name: _summary(name, items) for name in items[0].figures} if items else {}


def compare(items: Sequence[Item], models: Sequence[str]) -> Iterator[Comparison]:
    """Every two models, and each with Lanczos, by every figure that both have on two pictures or more."""
    for first, second in (*combinations(models, 2), *((model, LANCZOS3.name) for model in models)):
        for figure in _COMPARED:
            rows = [(getattr(item.figures[first], figure), getattr(item.figures[second], figure)) for item in items]
            known = [(*row, item.photo or item.name) for row, item in zip(rows, items, strict=True) if None not in row]
            if len(known) > 1 and (figure != "psnr_y" or len(known) == len(rows)):  # None of PSNR is infinite
                yield _comparison(figure, first, second, known)


def unmeasured(items: Sequence[Item], missing: dict[str, str], *, fast: bool, film: bool) -> dict[str, str]:
    """The figures that are missing, and why; `missing` are those of judges that cannot be had."""
    reasons: dict[str, str] = dict.fromkeys(COLUMNS, "left out, for speed") if fast else dict(missing)
    for figure, why in _WHY.items():
        expected = [item for item in items if figure != "flicker" or (film and item is not items[0])]
        without = [item for item in expected if _lacks(item, figure)]
        if without and figure not in reasons:
            reasons[figure] = f"{len(without)} of {len(items)} pictures have {why}"
    return reasons


def _lacks(item: Item, figure: str) -> bool:
    """Of the figures of the jury a picture's Lanczos has all that there are."""
    return getattr(item.figures[LANCZOS3.name], figure) is None


def _summary(name: str, items: Sequence[Item]) -> Summary:
    rows = [item.figures[name] for item in items]
    gains = [decibels(item.figures[name]) - decibels(item.figures[item.best_kernel]) for item in items]
    means = {figure: _mean([getattr(row, figure) for row in rows]) for figure in FIGURES}
    energy, target = fmean(row.checkerboard for row in rows), fmean(item.target_checkerboard for item in items)
    return Summary(
        figures=convert(means | {"psnr_y": finite(fmean(decibels(row) for row in rows))}, Figures),
        over_best_kernel=finite(fmean(gains)),
        checkerboard_ratio=energy / target if target else None,
        largest_colour_shift=max(row.colour_shift for row in rows),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    """Of those that were measured."""
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _comparison(figure: str, first: str, second: str, rows: Sequence[tuple[float, float, str]]) -> Comparison:
    """Of rows of the first's figure, the second's and the photograph's name."""
    sign = 1 if figure in HIGHER else -1
    photos = [photo for *_, photo in rows]
    ahead = statistics.paired([sign * a for a, *_ in rows], [sign * b for _, b, _ in rows], photos)
    names, way = ((first, second), 1) if ahead.mean >= 0 else ((second, first), -1)
    least, most = sorted((way * ahead.low, way * ahead.high))
    return Comparison(
        figure=figure,
        better=names[0],
        other=names[1],
        by=abs(ahead.mean),
        least=least,
        most=most,
        confidence=ahead.share if way > 0 else 1 - ahead.share,
        pictures=len(rows),
        photographs=len(set(photos)),
    )
