"""What a bench found: speeds and memory, with the files, the versions and the machine."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from paragonsr.artifacts import output
from paragonsr.evaluate.report import Fault, File, Machine
from paragonsr.runtime.contest import Cost, ratio, typical

SCHEMA_VERSION = 2


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way to enlarge one size (height, width of the input); megapixels are those of the output.

    `precision` is what it was really computed in. The last but one are medians over the rounds of its cost over that of
    Pillow's Lanczos; `peak_bytes` is what a process held at most that did this alone (None: not measured).
    """

    name: str
    provider: str
    precision: str
    threads: int
    size: tuple[int, int]
    megapixels_per_second: float
    cpu_ms_per_megapixel: float
    wall_ms_per_megapixel: float
    cpu_over_lanczos: float
    wall_over_lanczos: float
    peak_bytes: int | None


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A bench; `faults` are models and providers that could not take part, and why."""

    date: str
    commit: str
    versions: dict[str, str]
    machine: Machine
    rounds: int
    warm_up: int
    files: tuple[File, ...]
    rows: tuple[Row, ...]
    faults: tuple[Fault, ...]
    schema_version: int = SCHEMA_VERSION


def row(
    name: str,
    costs: Sequence[Cost],
    lanczos: Sequence[Cost],
    *,
    provider: str,
    precision: str = "-",
    threads: int,
    size: tuple[int, int],
    scale: int = 2,
    peak: int | None = None,
) -> Row:
    """The figures of what took turns with Pillow's Lanczos."""
    megapixels = scale**2 * size[0] * size[1] / 1e6
    usual, over = typical(costs), ratio(costs, lanczos)
    return Row(
        name=name,
        provider=provider,
        precision=precision,
        threads=threads,
        size=size,
        megapixels_per_second=megapixels / usual.wall,
        cpu_ms_per_megapixel=1e3 * usual.cpu / megapixels,
        wall_ms_per_megapixel=1e3 * usual.wall / megapixels,
        cpu_over_lanczos=over.cpu,
        wall_over_lanczos=over.wall,
        peak_bytes=peak,
    )


def dumps(report: Report) -> bytes:
    """The report as indented JSON, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def save(report: Report, path: Path, *, overwrite: bool = False) -> None:
    """Write the report, complete when it appears. Raises what `output.check` and `output.write` do."""
    output.check(path, overwrite=overwrite)
    output.write(path, dumps(report))
