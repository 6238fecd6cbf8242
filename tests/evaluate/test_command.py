"""Another program takes part by its command line; one that fails is named."""

import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from paragonsr.errors import ModelError
from paragonsr.evaluate.command import Command
from paragonsr.evaluate.suite import Settings, evaluate

DOUBLE = "import sys; from PIL import Image; a = Image.open(sys.argv[1]); a.resize(({0} * a.width, {0} * a.height), 0)"


def line(code: str) -> str:
    return f'"{sys.executable}" -c "{code}" {{in}} {{out}}'


def nearest(times: int = 2) -> str:
    return line(DOUBLE.format(times) + ".save(sys.argv[2])")


def test_it_is_given_the_picture_and_its_result_is_taken():
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    with Command(nearest()) as command:
        assert command.scale == 2
        assert np.array_equal(command(image), image.repeat(2, 0).repeat(2, 1))


def test_it_stands_in_the_report(tmp_path, draw):
    draw(tmp_path / "a.png", 48, 48)
    report = evaluate([nearest()], tmp_path, "bicubic", Settings(fast=True))
    (model,) = report.models
    program = Path(shutil.which(sys.executable))
    assert model.name in report.summary
    assert (model.name, model.provider) == (program.stem, "command")
    assert model.file.sha256 == hashlib.sha256(program.read_bytes()).hexdigest()
    assert report.summary[model.name].figures.psnr_y < report.summary["lanczos3"].figures.psnr_y
    assert not report.faults


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no-such-program-anywhere {in} {out}", "no program no-such-program-anywhere"),
        (line("import sys; print('out of luck', file=sys.stderr); sys.exit(3)"), "ends with 3: out of luck"),
        (line("pass"), "writes no picture"),
        (line("import sys; from PIL import Image; Image.new('L', (96, 64)).save(sys.argv[2])"), "wanted is 8-bit RGB"),
        (
            line("import sys; from PIL import Image; Image.new('RGB', (97, 64)).save(sys.argv[2])"),
            "makes 64x97 of 32x48",
        ),
    ],
)
def test_what_does_not_work_is_named(text, reason):
    with pytest.raises(ModelError, match=reason):
        Command(text)


def test_another_scale_is_a_fault_and_the_rest_is_measured(tmp_path, draw):
    draw(tmp_path / "a.png", 48, 48)
    report = evaluate([nearest(3)], tmp_path, "bicubic", Settings(fast=True))
    assert "3 times" in report.faults[0].reason
    assert len(report.items) == 1
