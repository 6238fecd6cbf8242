"""A bench on tiny pictures, with the models that come with the program."""

import os
from io import StringIO
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from PIL import Image
from rich.console import Console

from paragonsr import Upscaler
from paragonsr.errors import ModelError, OutputExistsError
from paragonsr.export.quantize import quantise
from paragonsr.runtime import catalogue, openvino, probe, provider
from paragonsr.runtime.contest import Cost
from paragonsr.speed import memory, picture, report
from paragonsr.speed.bench import Programme, bench
from paragonsr.speed.table import table

SHORT = Programme(sizes=((12, 20), (24, 8)), threads=(1, 2), rounds=2, memory=False)
MODEL = catalogue.find(catalogue.DEFAULT)


@pytest.fixture(scope="module")
def found() -> report.Report:
    return bench([catalogue.DEFAULT], ["cpu", "coreml"], SHORT)


def test_a_row_for_each_way_size_and_number_of_threads(found: report.Report) -> None:
    assert [(row.threads, row.size, row.name, row.provider) for row in found.rows] == [
        entry
        for threads in (1, 2)
        for size in ((12, 20), (24, 8))
        for entry in ((1, size, picture.LANCZOS, "-"), (threads, size, MODEL.stem, "cpu"))
    ]
    assert all(row.megapixels_per_second > 0 for row in found.rows)
    assert all(row.cpu_over_lanczos == row.wall_over_lanczos == 1 for row in found.rows if row.provider == "-")
    assert all(row.cpu_over_lanczos > 1 for row in found.rows if row.provider == "cpu"), "a network is no resampling"


def test_what_cannot_run_is_named_with_its_reason_once(found: report.Report) -> None:
    (fault,) = found.faults
    assert fault.name == f"{MODEL.stem} on coreml"
    assert "is not in this installation" in fault.reason


def test_the_precision_is_what_ran(found: report.Report) -> None:
    assert {(row.provider, row.precision) for row in found.rows} == {("-", "-"), ("cpu", "float32")}


def test_machine_versions_and_files_are_told(found: report.Report) -> None:
    assert found.machine.cores >= 1
    assert {"python", "onnxruntime", "Pillow"} <= found.versions.keys()
    assert [file.name for file in found.files] == [MODEL.name]
    assert msgspec.json.decode(report.dumps(found), type=report.Report) == found


def test_figures_are_per_output_megapixel() -> None:
    costs, base = [Cost(2.0, 1.0)] * 3, [Cost(0.5, 0.5)] * 3
    row = report.row("m", costs, base, provider="cpu", threads=2, size=(500, 1000), peak=7)
    assert (row.megapixels_per_second, row.cpu_ms_per_megapixel, row.wall_ms_per_megapixel) == (2, 1000, 500)
    assert (row.cpu_over_lanczos, row.wall_over_lanczos, row.peak_bytes) == (4, 2, 7)


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    copy = tmp_path / MODEL.name
    copy.write_bytes(MODEL.read_bytes())
    one = Programme(sizes=((8, 8),), threads=(1,), rounds=1, memory=False)
    names = {row.name for row in bench([MODEL, copy, MODEL], ["cpu"], one).rows}
    assert names == {picture.LANCZOS, str(MODEL), str(copy)}
    with pytest.raises(ModelError, match="neither a model file"):
        bench(["sharpest"], (), one)


def test_a_report_is_not_written_over(found: report.Report, tmp_path: Path) -> None:
    path = tmp_path / "speed.json"
    path.write_text("precious")
    with pytest.raises(OutputExistsError):
        report.save(found, path)
    assert path.read_text() == "precious"
    report.save(found, path, overwrite=True)
    assert msgspec.json.decode(path.read_bytes())["schema_version"] == 2
    assert list(tmp_path.iterdir()) == [path]


def test_the_table_shows_every_row_and_fault(found: report.Report) -> None:
    console = Console(width=200, record=True, file=StringIO())
    console.print(table(found))
    text = console.export_text()
    assert text.count(MODEL.stem) >= 4 + len(found.faults)
    assert "12x20" in text
    assert found.machine.processor[:20] in text


@pytest.mark.skipif(os.name == "nt", reason="peak memory is not measured there")
def test_memory_grows_with_the_picture_and_with_the_network() -> None:
    lanczos, large, model = (
        memory.peak(memory.Enlargement(path, "cpu", 1, size))
        for path, size in ((None, (8, 8)), (None, (3000, 3000)), (MODEL, (8, 8)))
    )
    assert lanczos is not None
    assert large is not None
    assert model is not None
    assert 9e6 * 3 * 5 < large - lanczos < 9e6 * 3 * 12, "the picture and its double, and little else"
    assert model > lanczos + 1e6


def test_pillow_is_asked_for_lanczos_and_the_pictures_are_of_colour() -> None:
    pixels = picture.noise(9, 7)
    assert pixels.shape == (9, 7, 3)
    assert np.ptp(pixels, axis=2).max() > 0, "gray pictures take another way"
    expected = Image.fromarray(pixels).resize((14, 18), Image.Resampling.LANCZOS)
    assert np.array_equal(np.asarray(picture.lanczos(pixels)), np.asarray(expected))
    with Upscaler(MODEL, provider="cpu", threads=1) as upscaler:
        assert upscaler(pixels).shape == (18, 14, 3)


def test_the_precision_of_eight_bits_is_told_of_every_engine(tmp_path: Path) -> None:
    quantised = tmp_path / "eight.onnx"
    noise = [np.random.default_rng(i).random((1, 3, 32, 32), dtype=np.float32) for i in range(2)]
    onnx.save(quantise(onnx.load(MODEL), range(1, 4), noise), quantised)
    engines = ["cpu", *(["openvino"] if openvino.is_installed() else [])]
    told = {engine: provider.precision(quantised, engine, probe.picture(24, 32)) for engine in engines}
    assert told == dict.fromkeys(engines, "8 bits, float32")
