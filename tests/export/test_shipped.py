"""What the models in the repository promise, held on their files: the one that ships and the benchmark's."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from skimage.data import astronaut

from paragonsr.artifacts import card as cards
from paragonsr.runtime import catalogue
from paragonsr.runtime.probe import radius
from paragonsr.runtime.session import Session

ROOT = Path(__file__).parents[2]
MODELS = (
    *(ROOT / "src" / "paragonsr" / "models" / name for name in catalogue.MODELS.values()),
    ROOT / "bench" / "models" / "2xParagonSR2_Nano_Bicubic.onnx",
)


@pytest.fixture(params=MODELS, ids=lambda path: path.stem)
def model(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_the_trained_tail_has_equal_phases(model: Path) -> None:
    weight = load_file(model.with_suffix(".safetensors"))["tail.weight"].astype(np.float64)
    gains = weight.sum((2, 3))
    assert np.ptp(gains, axis=0).max() <= 1e-5  # R, G and B are one detail
    assert np.abs(gains).max() > 1e-3


def test_the_card_tells_the_truth(model: Path) -> None:
    card = cards.loads(model.with_suffix(".json").read_bytes(), model.name)
    with Session(model, provider="cpu", threads=1) as session:
        assert session.card == card
        assert card.radius <= 12
        assert card.radius - 1 <= radius(session.run, session.scale) <= card.radius  # the outermost taps may be faint
    assert card.parameters == sum(tensor.size for tensor in load_file(model.with_suffix(".safetensors")).values())
    assert card.parity["trained_to_onnx"] <= 1e-5
    assert card.measured, "export again with --report"
    assert "paragonsr2" not in json.dumps(card.architecture)


def test_gray_stays_gray_in_the_model_alone(model: Path) -> None:
    gray = astronaut().mean(axis=2)[:256, :256].astype(np.float32) / 255
    with Session(model, provider="cpu", threads=1) as session:
        made = session.run(np.ascontiguousarray(np.broadcast_to(gray, (1, 3, *gray.shape))))
    assert np.ptp(made, axis=1).max() == 0
