"""A report for the terminal."""

from collections.abc import Callable, Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paragonsr.evaluate.report import Comparison, Report, Summary
from paragonsr.imaging.kernels import LANCZOS3

NAMES = {
    "psnr_y": "PSNR-Y",
    "ssim_y": "SSIM-Y",
    "ms_ssim_y": "MS-SSIM",
    "colour_shift": "colour shift",
    "overshoot": "overshoot",
    "lpips_alex": "LPIPS alex",
    "lpips_vgg": "LPIPS vgg",
    "dists": "DISTS",
    "niqe": "NIQE",
    "brisque": "BRISQUE",
    "flicker": "flicker",
}
"""Figures as people call them."""

DIGITS = {"psnr_y": 2, "niqe": 2, "brisque": 1, "colour_shift": 3, "overshoot": 3, "flicker": 3}
"""Decimal places; four where none is said."""

_FIDELITY = ("psnr_y", "ssim_y", "ms_ssim_y", "colour_shift", "overshoot")
_LOOK = ("lpips_alex", "lpips_vgg", "dists", "niqe", "brisque", "flicker")


def table(report: Report) -> Group:
    """The means of every method, who is better than whom, and what could not be measured, and why."""
    return Group(*_parts(report))


def number(figure: str, value: float, sign: str = "") -> str:
    """A figure with as many digits as it deserves."""
    return format(value, f"{sign}.{DIGITS.get(figure, 4)}f")


def _parts(report: Report) -> Iterator[RenderableType]:
    extra: dict[str, Callable[[Summary], str]] = {
        "over best kernel": lambda summary: _or(summary.over_best_kernel, "+.2f"),
        "checkerboard": lambda summary: _or(summary.checkerboard_ratio, ".2f"),
    }
    yield _table(report, _title(report), _FIDELITY, extra)
    look = [
        figure for figure in _LOOK if any(_value(summary, figure) is not None for summary in report.summary.values())
    ]
    if look:
        yield _table(report, "How it looks: less is better", look, {})
    if report.comparisons:
        yield _comparisons(report)
    for figure, reason in report.unmeasured.items():
        yield Text(f"{NAMES[figure]}: not measured: {reason}", "yellow")
    for fault in report.faults:
        yield Text(f"not measured: {fault.name}: {fault.error}: {fault.reason}", "red")
    yield Text(_caption(report), "italic dim")


def _table(
    report: Report,
    title: str,
    figures: Iterator[str] | tuple[str, ...] | list[str],
    extra: dict[str, Callable[[Summary], str]],
) -> Table:
    rows = Table(title=title, title_justify="left")
    rows.add_column("2x by", no_wrap=True)
    for heading in (*(NAMES[figure] for figure in figures), *extra):
        rows.add_column(heading, justify="right")
    for name, summary in report.summary.items():
        cells = [_cell(summary, figure) for figure in figures]
        rows.add_row(escape(name), *cells, *(make(summary) for make in extra.values()))
    return rows


def _comparisons(report: Report) -> Table:
    """Each model with each other; a lonely model with Lanczos."""
    cut = {one.photographs for one in report.comparisons if one.photographs < one.pictures}
    drawn = f"of the {max(cut)} photographs they are cut from" if cut else "of pictures"
    title = f"Who is better, by how much (95 % of resampled sets {drawn})"
    rows = Table(title=title, title_justify="left")
    for heading in ("figure", "better", "than"):
        rows.add_column(heading, no_wrap=True)
    for heading in ("by", "95 %"):
        rows.add_column(heading, justify="right", no_wrap=True)
    between = [one for one in report.comparisons if LANCZOS3.name not in (one.better, one.other)]
    for one in between or report.comparisons:
        rows.add_row(NAMES[one.figure], escape(one.better), escape(one.other), *_ahead(one))
    return rows


def _ahead(one: Comparison) -> tuple[str, str]:
    interval = f"{number(one.figure, one.least)} to {number(one.figure, one.most)}"
    return number(one.figure, one.by), interval if one.least > 0 else f"{interval}, not sure"


def _value(summary: Summary, figure: str) -> float | None:
    return getattr(summary.figures, figure)


def _cell(summary: Summary, figure: str) -> str:
    value = _value(summary, figure)
    if value is None:
        return "equal" if figure == "psnr_y" else "-"
    return number(figure, value)


def _or(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _title(report: Report) -> str:
    made = {"bicubic": "clean bicubic halves", "card": "the card's validation halves"}
    low = made.get(report.low, f"the small pictures of {report.low}")
    return escape(f"{report.high}: {len(report.items)} pictures from {low}")


def _caption(report: Report) -> str:
    machine = f"{report.machine.processor}, {report.machine.cores} cores, {report.machine.system}"
    spent = f"{report.seconds:.0f} s, {report.cpu_seconds:.0f} s of processors"
    return f"{report.date}, commit {report.commit}, {machine}, {spent}"
