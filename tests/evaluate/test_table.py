"""The table shows every method and every fault, with names as they are."""

import io

import pytest
from PIL import Image
from rich.console import Console

from paragonsr.evaluate.suite import KERNELS, evaluate
from paragonsr.evaluate.table import table


def text(report) -> str:
    shown = io.StringIO()
    Console(width=120, file=shown).print(table(report))
    return shown.getvalue()


def test_rows_figures_and_faults(tmp_path, draw):
    draw(tmp_path / "a.png", 48, 48)
    draw(tmp_path / "[red]gray[bold].png", 48, 48, "L")
    report = evaluate(["[nobody]"], tmp_path)
    shown = text(report)
    for kernel in KERNELS:
        (row,) = [line for line in shown.splitlines() if line.startswith(f"│ {kernel.name} ")]
        assert f"{report.summary[kernel.name].figures.psnr_y:.2f}" in row
    assert "1 pictures from clean bicubic halves" in shown
    assert report.commit in shown
    assert "not measured: [red]gray[bold].png: UnsupportedImageError: " in shown
    assert "not measured: [nobody]: ModelError: " in shown


@pytest.mark.parametrize(("low", "words"), [("bicubic", "clean bicubic halves"), ("card", "validation halves")])
def test_equal_pictures(tmp_path, low, words):
    Image.new("RGB", (40, 40), (9, 9, 9)).save(tmp_path / "flat.png")
    shown = text(evaluate([], tmp_path, low))
    assert words in shown
    assert "equal" in shown
    assert "nan" not in shown
    assert "inf" not in shown
