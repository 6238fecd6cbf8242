"""The shipped models make the very pixels that are stored here.

After a change that should not alter pictures these tests pass. After one that should (a model trained anew), look at
the page of the difference that the message names, then `python bench/golden.py` stores the new ones.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paragonsr.runtime import catalogue
from paragonsr.runtime.upscaler import Upscaler

GOLDEN = Path(__file__).parent
TIE = 2e-3  # levels: so near to a half another machine may round the other way


@pytest.fixture(scope="module")
def inputs():
    """What was enlarged; the module lies beside the scripts and not in the package."""
    sys.path.insert(0, str(GOLDEN.parents[1] / "bench"))
    try:
        import golden
    finally:
        del sys.path[0]
    return golden.inputs()


def stored(model: str, name: str) -> np.ndarray:
    with Image.open(GOLDEN / model / f"{name}.png") as image:
        return np.asarray(image)


def advice(model: str) -> str:
    before = f"'python tests/golden/replay.py {model} {{in}} {{out}}'"
    page = f"paragonsr showcase {model} {before} --images tests/golden/targets --lr bicubic --out difference"
    return f"look at difference/index.html, made by\n    {page}\nand if it should be so: python bench/golden.py"


@pytest.mark.parametrize("model", catalogue.MODELS)
def test_identical_pixels(model, inputs):
    """Whole and in tiles; a pixel may differ by one level where the model's number lies on the edge between two."""
    assert sorted(inputs) == sorted(path.stem for path in (GOLDEN / model).glob("*.png"))
    for tile in (None, 16):
        with Upscaler(model, provider="cpu", threads=1, tile=tile) as upscaler:
            for name, low in inputs.items():
                apart = upscaler(low).astype(int) - stored(model, name)
                exact = upscaler.session.run(np.float32(low.transpose(2, 0, 1)[None]) / np.float32(255))[0] * 255
                tied = np.abs(exact.transpose(1, 2, 0) % 1 - 0.5) < TIE
                wrong = (apart != 0) & ~(tied & (np.abs(apart) == 1))
                assert not wrong.any(), (
                    f"{model} makes other pixels of {name}: {np.mean(apart != 0):.1%} of them, by up to "
                    f"{np.abs(apart).max()}; {advice(model)}"
                )


def test_the_stored_outputs_can_be_compared_as_a_model(tmp_path, inputs):
    """What the advice needs: of a golden picture the stored output, of another each pixel four times."""
    draw = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    model = next(iter(catalogue.MODELS))
    for low, expected in ((inputs["lines"], stored(model, "lines")), (draw, draw.repeat(2, 0).repeat(2, 1))):
        Image.fromarray(low).save(tmp_path / "in.png")
        subprocess.run(
            [sys.executable, GOLDEN / "replay.py", model, tmp_path / "in.png", tmp_path / "out.png"], check=True
        )
        with Image.open(tmp_path / "out.png") as made:
            assert np.array_equal(np.asarray(made), expected)
