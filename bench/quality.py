"""What the models are worth: PSNR-Y on test sets and over classical and fitted linear enlargement.

    python bench/quality.py [--shipped MODEL] [--benchmark MODEL] [--samples N]

Needs the `train` extra (the linear filter is fitted on the very pairs of the training) and the assets folder.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

import heading
from linear_filter import CROP, fit, training_pairs
from paragonsr.artifacts.assets import find
from paragonsr.evaluate import pairs, suite
from paragonsr.evaluate.pairs import Low
from paragonsr.evaluate.report import Report
from paragonsr.evaluate.suite import Settings
from paragonsr.imaging.metrics import psnr_y

BENCHMARK = Path(__file__).parent / "models" / "2xParagonSR2_Nano_Bicubic.onnx"

Pixels = NDArray[np.uint8]


def lanczos(low: Pixels) -> Pixels:
    """Pillow's Lanczos enlargement."""
    height, width = low.shape[:2]
    return np.asarray(Image.fromarray(low).resize((2 * width, 2 * height), Image.Resampling.LANCZOS))


def mean_psnr(folder: Path, low: Low, enlarge: Callable[[Pixels], Pixels]) -> float:
    """Mean PSNR-Y in dB over the pairs of a folder."""
    loaded = (pairs.load(candidate, low, gray_as_rgb=True) for candidate in pairs.candidates(folder, low))
    return fmean(psnr_y(enlarge(pair.low), pair.high, border=suite.BORDER) for pair in loaded)


def measured(model: str, folder: Path, low: Low) -> Report:
    """The model's report; stops with the reason when anything could not be measured."""
    report = suite.evaluate([model], folder, low, Settings(fast=True, gray_as_rgb=True))
    if report.faults:
        raise SystemExit("\n".join(f"{fault.name}: {fault.reason}" for fault in report.faults))
    return report


def psnr(report: Report) -> float:
    """The model's mean PSNR-Y in dB."""
    found = report.summary[report.models[0].name].figures.psnr_y
    assert found is not None, "photographs are never enlarged without error"
    return found


def on_test_sets(table: Table, model: str) -> None:
    for name, must, hope in (("Set5", 37.1, 37.4), ("Set14", 32.75, 33.0)):
        report = measured(model, find(f"testsets/{name}"), "bicubic")
        table.add_row(f"{report.models[0].name}: {name}, bicubic halves", f"{psnr(report):.2f}", f"{must}", f"{hope}")


def on_card(table: Table, model: str, samples: int) -> None:
    folder = find("data/val")
    report = measured(model, folder, "card")
    name = report.models[0].name
    gain = report.summary[name].over_best_kernel
    table.add_row(
        f"{name}: data/val, card's halves, over the best kernel of each picture", f"{gain:+.2f}", "1.8", "2.5"
    )
    linear = fit(training_pairs(find("data/train"), samples))
    gain = psnr(report) - mean_psnr(folder, "card", linear)
    count = f"{samples} training pairs, {3 * CROP**2 * samples / 1e6:.1f} M windows"
    title = f"the same over the least-squares linear 9x9 filter ({count})"
    table.add_row(title, f"{gain:+.2f}", "0.5", "1.0")


def on_clean_halves(table: Table, model: str) -> None:
    folder = find("testsets/Set14")
    report, pillow = measured(model, folder, "bicubic"), mean_psnr(folder, "bicubic", lanczos)
    title = f"{report.models[0].name}: Set14, bicubic halves, over Pillow Lanczos ({pillow:.2f})"
    table.add_row(title, f"{psnr(report) - pillow:+.2f}", "0.8", "1.5")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shipped", default="fidelity", help="the model that ships: a name or a file")
    parser.add_argument("--benchmark", default=str(BENCHMARK), help="the model trained on clean bicubic halves")
    parser.add_argument("--samples", type=int, default=300, help="training pairs the linear filter is fitted on")
    options = parser.parse_args()
    heading.show()
    table = Table(title="PSNR-Y in dB, border 2", title_justify="left")
    table.add_column("what")
    for column in ("measured", "must", "hope"):
        table.add_column(column, justify="right")
    on_test_sets(table, options.benchmark)
    on_card(table, options.shipped, options.samples)
    on_clean_halves(table, options.shipped)
    Console(width=max(120, Console().width)).print(table)


if __name__ == "__main__":
    main()
