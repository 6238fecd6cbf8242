"""A report for the terminal."""

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paragonsr.evaluate.report import Report, Summary


def table(report: Report) -> Group:
    """The means of every method as a table, and below it what could not be measured, and why."""
    rows = Table(title=_title(report), title_justify="left", caption=_caption(report), caption_justify="left")
    rows.add_column("2x by", no_wrap=True)
    for heading in ("PSNR-Y dB", "SSIM-Y", "over best kernel", "colour shift", "checkerboard"):
        rows.add_column(heading, justify="right")
    for name, summary in report.summary.items():
        rows.add_row(escape(name), *_cells(summary))
    faults = [Text(f"not measured: {fault.name}: {fault.error}: {fault.reason}", "red") for fault in report.faults]
    return Group(rows, *faults)


def _cells(summary: Summary) -> tuple[str, ...]:
    figures = summary.figures
    return (
        _number(figures.psnr_y, ".2f", "equal"),
        f"{figures.ssim_y:.4f}",
        _number(summary.over_best_kernel, "+.2f", "-"),
        f"{figures.colour_shift:.3f}",
        _number(summary.checkerboard_ratio, ".2f", "-"),
    )


def _number(value: float | None, form: str, otherwise: str) -> str:
    return otherwise if value is None else format(value, form)


def _title(report: Report) -> str:
    made = {"bicubic": "clean bicubic halves", "card": "the card's validation halves"}
    low = made.get(report.low, f"the small pictures of {report.low}")
    return escape(f"{report.high}: {len(report.items)} pictures from {low}")


def _caption(report: Report) -> str:
    machine = f"{report.machine.processor}, {report.machine.cores} cores, {report.machine.system}"
    return escape(f"{report.date}, commit {report.commit}, {machine}, {report.seconds:.0f} s")
