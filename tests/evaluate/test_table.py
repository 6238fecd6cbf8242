"""The table shows every method and every fault, with names as they are."""

import io

import pytest
from PIL import Image
from rich.console import Console

from paragonsr.evaluate.suite import Settings, evaluate
from paragonsr.evaluate.table import table
from paragonsr.evaluate.yardstick import KERNELS

FAST = Settings(fast=True, threads=1)


def text(report) -> str:
    shown = io.StringIO()
    Console(width=200, file=shown).print(table(report))
    return shown.getvalue()


def test_rows_figures_and_faults(tmp_path, draw):
    draw(tmp_path / "a.png", 48, 48)
    draw(tmp_path / "[red]gray[bold].png", 48, 48, "L")
    report = evaluate(["[nobody]"], tmp_path, settings=FAST)
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
    shown = text(evaluate([], tmp_path, low, FAST))
    assert words in shown
    assert "equal" in shown
    assert "nan" not in shown
    assert "inf" not in shown


def test_who_is_better_and_what_is_missing(tmp_path, draw, random_model, plain_model, monkeypatch):
    monkeypatch.setenv("PARAGONSR_ASSETS", str(tmp_path / "none"))
    for seed in range(3):
        draw(tmp_path / f"{seed}.png", 48, 48, seed=seed)
    report = evaluate([random_model, plain_model], tmp_path, "bicubic", Settings(threads=1))
    shown = text(report)
    assert "LPIPS alex: not measured: weights missing" in shown
    assert "MS-SSIM: not measured: 3 of 3 pictures have a side below 180 pixels" in shown
    assert "How it looks" not in shown  # nothing of it was measured
    (row,) = [line for line in shown.splitlines() if line.startswith("│ PSNR-Y ")]
    apart = report.summary["2xPlain"].figures.psnr_y - report.summary["2xRandom"].figures.psnr_y
    assert [cell.strip() for cell in row.split("│")][2:5] == ["2xPlain", "2xRandom", f"{apart:.2f}"]
    assert "not sure" not in row
    alone = text(evaluate([plain_model], tmp_path, settings=FAST))
    assert "lanczos3" in alone[alone.index("Who is better") :]
