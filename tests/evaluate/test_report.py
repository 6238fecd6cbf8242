"""Reports survive the way through a file, and never replace one."""

import hashlib

import msgspec
import pytest

from paragonsr.errors import DataError, OutputExistsError
from paragonsr.evaluate import origin
from paragonsr.evaluate.report import (
    SCHEMA_VERSION,
    Comparison,
    Fault,
    Figures,
    File,
    Item,
    Machine,
    Model,
    Report,
    Summary,
    dumps,
    figures,
    loads,
    save,
)

FIGURES = Figures(psnr_y=None, ssim_y=1.0, colour_shift=0.0, overshoot=0.0, checkerboard=0.25)
FILE = File(name="a.png", bytes=3, sha256="00")
REPORT = Report(
    date="2026-01-01T00:00:00+00:00",
    seconds=1.5,
    cpu_seconds=2.5,
    commit="abc",
    versions={"python": "3.11"},
    machine=Machine(system="s", processor="p", cores=2),
    high="Set5",
    low="bicubic",
    film=False,
    scale=2,
    border=2,
    models=(Model(name="m", version=None, file=FILE, provider="cpu", notes=("n",)),),
    judges=(FILE,),
    unmeasured={"niqe": "why"},
    summary={
        "m": Summary(figures=FIGURES, over_best_kernel=None, checkerboard_ratio=0.5, largest_colour_shift=0.25),
    },
    comparisons=(
        Comparison(
            figure="niqe",
            better="m",
            other="n",
            by=0.5,
            least=-0.1,
            most=1.5,
            confidence=0.9,
            pictures=2,
            photographs=2,
        ),
    ),
    items=(
        Item(
            name="a.png",
            size=(4, 6),
            cropped=True,
            high=FILE,
            low=None,
            target_checkerboard=0.5,
            figures={"m": FIGURES},
            best_kernel="m",
        ),
    ),
    faults=(Fault(name="b", error="DataError", reason="why"),),
)


def test_round_trip():
    text = dumps(REPORT)
    assert loads(text, "r.json") == REPORT
    assert msgspec.json.decode(text)["schema_version"] == SCHEMA_VERSION
    assert msgspec.json.decode(text)["items"][0]["figures"]["m"]["psnr_y"] is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "cannot be read"),
        (b"[]", "cannot be read"),
        (dumps(msgspec.structs.replace(REPORT, schema_version=99)), "schema version 99"),
        (dumps(REPORT).replace(b'"scale"', b'"scales"'), "scales"),
    ],
)
def test_other_files_are_refused(text, reason):
    with pytest.raises(DataError, match=rf"r\.json.*{reason}"):
        loads(text, "r.json")


def test_save_replaces_only_when_told(tmp_path):
    path = tmp_path / "r.json"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match=r"r\.json"):
        save(REPORT, path)
    assert path.read_text() == "mine"
    save(REPORT, path, overwrite=True)
    assert loads(path.read_bytes(), "") == REPORT
    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]


def test_file_is_named_without_its_folder_and_hashed(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"content")
    assert origin.file(path) == File(name="a.bin", bytes=7, sha256=hashlib.sha256(b"content").hexdigest())


def test_machine_and_versions_are_known():
    assert origin.machine().cores >= 1
    assert origin.machine().processor
    assert {"python", "paragonsr", "onnxruntime"} <= origin.versions().keys()


def test_what_a_card_says_of_it():
    found = figures(REPORT, "m")
    assert found["Set5, bicubic: ssim_y"] == 1.0
    assert found["Set5, bicubic: largest colour_shift"] == 0.25
    assert "Set5, bicubic: psnr_y" not in found  # infinite
    assert "Set5, bicubic: niqe" not in found  # not measured
    with pytest.raises(DataError, match="does not measure other; it has m"):
        figures(REPORT, "other")
