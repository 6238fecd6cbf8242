"""A bench for the terminal."""

from collections.abc import Sequence

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paragonsr.speed.report import Report, Row

_COLUMNS = ("picture", "threads", "2x by", "on", "in", "MP/s", "CPU ms", "wall ms", "x CPU", "x wall", "peak MB")
_WORDS = ("2x by", "on", "in")


def table(report: Report) -> Group:
    """The rows, and below them what could not take part, and why."""
    machine = report.machine
    versions = ", ".join(f"{name} {number}" for name, number in report.versions.items())
    caption = f"{report.date}, commit {report.commit}, {machine.processor}, {machine.cores} cores, {machine.system}"
    title = f"per output megapixel, median of {report.rounds} rounds in turns; x: over Pillow's Lanczos"
    found = rows(report.rows, title, caption, versions)
    return Group(found, *(Text(f"not measured: {fault.name}: {fault.reason}", "red") for fault in report.faults))


def rows(rows: Sequence[Row], title: str, *caption: str) -> Table:
    """A table of rows alone."""
    made = Table(title=escape(title), title_justify="left", caption=escape("\n".join(caption)), caption_justify="left")
    for column in _COLUMNS:
        made.add_column(column, justify="left" if column in _WORDS else "right", no_wrap=column in _WORDS)
    for row in rows:
        made.add_row(*map(escape, _cells(row)))
    return made


def _cells(row: Row) -> tuple[str, ...]:
    return (
        "x".join(map(str, row.size)),
        str(row.threads),
        row.name,
        row.provider,
        row.precision,
        f"{row.megapixels_per_second:.1f}",
        f"{row.cpu_ms_per_megapixel:.1f}",
        f"{row.wall_ms_per_megapixel:.1f}",
        f"{row.cpu_over_lanczos:.1f}",
        f"{row.wall_over_lanczos:.1f}",
        "-" if row.peak_bytes is None else f"{row.peak_bytes / 1e6:.0f}",
    )
