"""The report of an evaluation: what was measured on which files, by which code, on which machine."""

from pathlib import Path

import msgspec

from paragonsr.artifacts import output
from paragonsr.errors import DataError

SCHEMA_VERSION = 3


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A file by its name and content; folders are left out, so that a report can be published as it is."""

    name: str
    bytes: int
    sha256: str


class Machine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where it was measured; `cores` are those this process may use."""

    system: str
    processor: str
    cores: int


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A model that was measured: `provider` is what really computed it, `version` that of its card (None: no card).

    Of a command, `file` is its program, and the command itself is among the notes. `cost` is its processor time over
    that of Pillow's Lanczos, see `speed.ratio` (None: not measured).
    """

    name: str
    version: str | None
    file: File
    provider: str
    notes: tuple[str, ...]
    cost: float | None = None


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One enlargement against its target, or the mean of several.

    `psnr_y` in dB (None: infinite, the two are equal), `ssim_y` and `ms_ssim_y` up to 1, `colour_shift` and
    `overshoot` in 1/255, `checkerboard` energy in squared 1/255, to be held against the target's own. LPIPS and DISTS
    from 0, NIQE and BRISQUE of the enlargement alone; of all five less is better. `flicker`, of films, in 1/255: see
    `metrics.flicker`. What is None, but for `psnr_y`, was not measured; `Report.unmeasured` says why.
    """

    psnr_y: float | None
    ssim_y: float
    colour_shift: float
    overshoot: float
    checkerboard: float
    ms_ssim_y: float | None = None
    lpips_alex: float | None = None
    lpips_vgg: float | None = None
    dists: float | None = None
    niqe: float | None = None
    brisque: float | None = None
    flicker: float | None = None


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A picture that every method has enlarged; `size` (height, width) is the target's after cropping to even sides.

    `photo` names the photograph that it was cut from, where a table beside it says so (None: it is one of its own).
    """

    name: str
    size: tuple[int, int]
    cropped: bool
    high: File
    low: File | None
    target_checkerboard: float
    figures: dict[str, Figures]
    best_kernel: str
    photo: str | None = None


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A picture or model that could not be measured, and why."""

    name: str
    error: str
    reason: str


class Summary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Means of one method over all items that have the figure.

    `over_best_kernel` is the mean over the items of its PSNR-Y less that of the item's best classical kernel, in dB
    (None: one of them is infinite); `checkerboard_ratio` its mean checkerboard energy over the targets' (None: they
    have none); `largest_colour_shift` that of the item with the largest, in 1/255.
    """

    figures: Figures
    over_best_kernel: float | None
    checkerboard_ratio: float | None
    largest_colour_shift: float


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which of two methods is better by a figure, on the same pictures.

    The mean of `better` is ahead of that of `other` by `by` (at least 0, in the figure's unit), with the 95 % interval
    `least` to `most` over resampled photographs; where `least` is below 0 they do not decide it. `confidence` is the
    share of resamples in which it is ahead, `pictures` how many were compared, cut from so many `photographs`.
    """

    figure: str
    better: str
    other: str
    by: float
    least: float
    most: float
    confidence: float
    pictures: int
    photographs: int


class Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An evaluation. `summary` has the classical kernels first, then the models; it is empty without items.

    `high` is the name of the folder of targets; `low` says where the inputs came from: "bicubic", "card" or the name
    of their folder and a slash. `border` pixels at each side are left out of PSNR, SSIM and MS-SSIM. `judges` are the
    files of weights, `unmeasured` gives figures that are missing, somewhere or everywhere, their reason. `seconds` and
    `cpu_seconds` are those of all runs together that it took.
    """

    date: str
    seconds: float
    cpu_seconds: float
    commit: str
    versions: dict[str, str]
    machine: Machine
    high: str
    low: str
    film: bool
    scale: int
    border: int
    models: tuple[Model, ...]
    judges: tuple[File, ...]
    unmeasured: dict[str, str]
    summary: dict[str, Summary]
    comparisons: tuple[Comparison, ...]
    items: tuple[Item, ...]
    faults: tuple[Fault, ...]
    schema_version: int = SCHEMA_VERSION


class _Version(msgspec.Struct):
    schema_version: int = 0


def dumps(report: Report) -> bytes:
    """The report as indented JSON, ending in a newline."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def loads(text: bytes | str, where: str) -> Report:
    """A report from JSON; `where` names the file in the DataError that a wrong one raises."""
    try:
        version = msgspec.json.decode(text, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise DataError(f"{where} has schema version {version}; this program reads {SCHEMA_VERSION}: measure again")
        return msgspec.json.decode(text, type=Report)
    except msgspec.DecodeError as error:
        raise DataError(f"{where} cannot be read as a report: {error}") from error


def load(path: Path) -> Report:
    """The report in a file. Raises DataError when it cannot be read."""
    try:
        return loads(path.read_bytes(), str(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read as a report: {error.strerror}") from error


def figures(report: Report, model: str) -> dict[str, float]:
    """What a model's card says of a report: each mean under `<targets>, <inputs>: <figure>`.

    Raises DataError when the report does not measure `model`.
    """
    if model not in report.summary:
        raise DataError(f"the report on {report.high} does not measure {model}; it has {', '.join(report.summary)}")
    summary = report.summary[model]
    found = msgspec.structs.asdict(summary.figures) | {
        "largest colour_shift": summary.largest_colour_shift,
        "psnr_y over the best kernel": summary.over_best_kernel,
    }
    return {f"{report.high}, {report.low}: {name}": value for name, value in found.items() if value is not None}


def save(report: Report, path: Path, *, overwrite: bool = False) -> None:
    """Write the report to `path`, complete when it appears. Raises what `output.check` and `output.write` do."""
    output.check(path, overwrite=overwrite)
    output.write(path, dumps(report))
