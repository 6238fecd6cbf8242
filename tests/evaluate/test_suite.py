"""The suite measures what it says, beside the kernels, and one bad thing does not stop the rest."""

import hashlib

import numpy as np
import pytest
from PIL import Image

from paragonsr.degrade import operations
from paragonsr.errors import MissingInputError, ProviderError
from paragonsr.evaluate.report import Figures, File, Item, dumps, loads
from paragonsr.evaluate.suite import Settings, evaluate
from paragonsr.evaluate.summary import summarise
from paragonsr.evaluate.yardstick import KERNELS, classical
from paragonsr.imaging.metrics import colour_shift, psnr_y, ssim_y
from paragonsr.runtime.upscaler import Upscaler

NAMES = [kernel.name for kernel in KERNELS]
FAST = Settings(fast=True, provider="cpu", threads=1)


def test_published_figures(assets):
    """Bicubic 33.68 dB and 0.9304 on Set5 are in every paper since 2014; Lanczos as measured by others."""
    report = evaluate([], assets / "testsets" / "Set5", "bicubic", FAST)
    bicubic, lanczos = (report.summary[name] for name in ("bicubic", "lanczos3"))
    assert bicubic.figures.psnr_y == pytest.approx(33.68, abs=0.02)
    assert bicubic.figures.ssim_y == pytest.approx(0.9304, abs=3e-4)
    assert lanczos.figures.psnr_y == pytest.approx(34.32, abs=0.02)
    assert not report.faults


def test_models_go_through_the_runtime(tmp_path, draw, pixels, random_model):
    paths = [draw(tmp_path / name, 48, 64, seed=seed) for seed, name in enumerate(("b.png", "a.png"))]
    seen = []
    report = evaluate([random_model], tmp_path, settings=FAST, progress=lambda *done: seen.append(done))
    assert seen == [(1, 2, "a.png"), (2, 2, "b.png")]
    assert list(report.summary) == [*NAMES, "2xRandom"]
    with Upscaler(random_model, provider="cpu", threads=1) as upscaler:
        for item, path in zip(report.items, reversed(paths), strict=True):
            target = pixels(path)
            image, figures = upscaler(operations.bicubic(target)), item.figures["2xRandom"]
            assert figures.psnr_y == pytest.approx(psnr_y(image, target, border=2))
            assert figures.ssim_y == pytest.approx(ssim_y(image, target, border=2))
            assert figures.colour_shift == pytest.approx(colour_shift(image, target))
            assert item.high.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
            assert item.best_kernel == max(NAMES, key=lambda name: item.figures[name].psnr_y)
    assert report.models[0].file.sha256 == hashlib.sha256(random_model.read_bytes()).hexdigest()
    assert (report.models[0].provider, report.high, report.low) == ("cpu", tmp_path.name, "bicubic")
    assert loads(dumps(report), "") == report


def test_a_model_without_detail_is_magic_kernel_sharp(tmp_path, draw, plain_model):
    draw(tmp_path / "a.png", 64, 64)
    figures = evaluate([plain_model], tmp_path, "card", FAST).items[0].figures
    kernel, model = figures["magic_kernel_sharp_2021"], figures["2xPlain"]
    assert model.psnr_y == pytest.approx(kernel.psnr_y, abs=0.01)
    assert model.ssim_y == pytest.approx(kernel.ssim_y, abs=1e-5)


def test_flat_pictures_are_equal_and_have_no_ratio(tmp_path, random_model):
    Image.new("RGB", (40, 40), (17, 130, 201)).save(tmp_path / "flat.png")
    report = evaluate([random_model], tmp_path, "bicubic", FAST)
    for summary in report.summary.values():
        assert summary.figures.psnr_y is None
        assert summary.figures.ssim_y == pytest.approx(1)
        assert summary.figures.colour_shift == 0
        assert summary.over_best_kernel is None
        assert summary.checkerboard_ratio is None


def test_bad_pictures_and_models_are_named_and_the_rest_is_measured(tmp_path, draw, random_model, four_times):
    draw(tmp_path / "good.png", 48, 48)
    draw(tmp_path / "gray.png", 48, 48, "L")
    draw(tmp_path / "alpha.png", 48, 48, "RGBA")
    draw(tmp_path / "small.png", 8, 8)
    whole = draw(tmp_path / "cut.jpg", 48, 48).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    no_model = tmp_path / "no.onnx"
    no_model.write_bytes(b"no model")
    models = [four_times, no_model, tmp_path / "none.onnx", random_model]
    report = evaluate(models, tmp_path, "bicubic", FAST)
    assert [item.name for item in report.items] == ["good.png"]
    assert list(report.summary) == [*NAMES, "2xRandom"]
    assert {(fault.name, fault.error) for fault in report.faults} == {
        (str(four_times), "ModelError"),
        (str(no_model), "ModelError"),
        (str(tmp_path / "none.onnx"), "ModelError"),
        ("gray.png", "UnsupportedImageError"),
        ("alpha.png", "UnsupportedImageError"),
        ("small.png", "DataError"),
        ("cut.jpg", "BrokenImageError"),
    }
    assert "4 times" in report.faults[0].reason
    assert all(fault.reason for fault in report.faults)


def test_a_folder_of_small_pictures(tmp_path, draw, pixels):
    target = pixels(draw(tmp_path / "high" / "a.png", 48, 48))
    (tmp_path / "low").mkdir()
    Image.fromarray(operations.bicubic(target)).save(tmp_path / "low" / "a.png")
    made, given = (evaluate([], tmp_path / "high", low, FAST) for low in ("bicubic", tmp_path / "low"))
    assert given.summary == made.summary
    assert given.low == "low/"
    assert given.items[0].low.name == "a.png"
    assert made.items[0].low is None


def test_models_of_one_name_are_told_apart(tmp_path, draw, random_model):
    draw(tmp_path / "a.png", 48, 48)
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / random_model.name
    twin.write_bytes(random_model.read_bytes())
    report = evaluate([random_model, twin, random_model], tmp_path, "bicubic", FAST)
    assert [model.name for model in report.models] == ["2xRandom", "2xRandom (2)"]
    assert report.summary["2xRandom"] == report.summary["2xRandom (2)"]


def test_nothing_to_measure(tmp_path, draw):
    draw(tmp_path / "gray.png", 48, 48, "L")
    report = evaluate([], tmp_path, settings=FAST)
    assert (report.items, report.summary, len(report.faults)) == ((), {}, 1)
    with pytest.raises(MissingInputError):
        evaluate([], tmp_path / "none")


def test_a_provider_that_is_not_here_stops(tmp_path, draw, random_model):
    draw(tmp_path / "a.png", 48, 48)
    with pytest.raises(ProviderError, match="abacus"):
        evaluate([random_model], tmp_path, settings=FAST._replace(provider="abacus"))


def test_summary_by_hand():
    def item(psnr: dict[str, float | None], energy: float) -> Item:
        figures = {
            name: Figures(psnr_y=value, ssim_y=0.5, colour_shift=1.0, overshoot=2.0, checkerboard=3.0)
            for name, value in psnr.items()
        }
        file = File(name="a", bytes=0, sha256="")
        return Item(
            name="a",
            size=(2, 2),
            cropped=False,
            high=file,
            low=None,
            target_checkerboard=energy,
            figures=figures,
            best_kernel="k",
        )

    items = [item({"k": 30.0, "m": 31.0}, 1.0), item({"k": 20.0, "m": 23.0}, 3.0)]
    summary = summarise(items)
    assert summary["m"].figures.psnr_y == 27.0
    assert summary["m"].over_best_kernel == 2.0
    assert summary["k"].over_best_kernel == 0.0
    assert summary["m"].checkerboard_ratio == 1.5
    equal = summarise([*items, item({"k": 40.0, "m": None}, 1.0)])["m"]
    assert (equal.figures.psnr_y, equal.over_best_kernel) == (None, None)
    assert summarise([]) == {}


def test_kernels_enlarge_as_pillow_does_off_the_borders(tmp_path, draw, pixels):
    low = pixels(draw(tmp_path / "a.png", 24, 30))
    names = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
    names["lanczos3"] = Image.Resampling.LANCZOS
    for kernel in KERNELS:
        if kernel.name in names:
            ours = classical(kernel)(low)
            theirs = np.asarray(Image.fromarray(low).resize((60, 48), names[kernel.name]))
            assert np.abs(ours[6:-6, 6:-6].astype(int) - theirs[6:-6, 6:-6]).max() <= 1


def test_tiles_of_one_photograph_count_together(tmp_path, draw, plain_model):
    """The interval is over photographs where a table names them; a table of another kind says nothing."""
    folder = tmp_path / "tiles"
    for seed in range(4):
        draw(folder / f"{seed}.png", 40, 40, seed=seed)
    alone = evaluate([plain_model], folder, "bicubic", FAST)
    assert {item.photo for item in alone.items} == {None}
    assert {one.photographs for one in alone.comparisons} == {4}
    (tmp_path / "manifest.csv").write_text("tile,photo\n0.png,lake\n1.png,lake\n2.png,wood\n")
    together = evaluate([plain_model], folder, "bicubic", FAST)
    assert [item.photo for item in together.items] == ["lake", "lake", "wood", None]
    assert {(one.pictures, one.photographs) for one in together.comparisons} == {(4, 3)}
    assert [one.by for one in together.comparisons] == [one.by for one in alone.comparisons]
    assert [one.least for one in together.comparisons] != [one.least for one in alone.comparisons]
    (tmp_path / "manifest.csv").write_text("file,licence\n0.png,CC0\n")
    assert evaluate([plain_model], folder, "bicubic", FAST).comparisons == alone.comparisons


def test_pictures_side_by_side_are_reported_in_order(tmp_path, draw, random_model):
    for seed in range(6):
        draw(tmp_path / f"{seed}.png", 40 + 40 * (seed == 0), 40, seed=seed)
    draw(tmp_path / "3b.png", 40, 40, "L")
    both = evaluate([random_model], tmp_path, "card", FAST._replace(threads=2))
    one = evaluate([random_model], tmp_path, "card", FAST)
    assert [item.name for item in both.items] == [f"{seed}.png" for seed in range(6)]
    assert (both.items, both.faults, both.comparisons) == (one.items, one.faults, one.comparisons)
