"""A constant picture comes out as the same constant, border included: 729 colours, each a picture of its own."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from paragonsr.errors import ModelError
from paragonsr.runtime import catalogue
from paragonsr.runtime.session import Session
from paragonsr.runtime.upscaler import Upscaler

LEVELS = (0, 32, 64, 96, 128, 160, 192, 224, 255)
COLOURS = np.array(list(product(LEVELS, repeat=3)), np.uint8)
SIDE = 11


@pytest.fixture(params=["random", *catalogue.MODELS])
def model(request, random_model) -> Path:
    """Each model of the package, and one with random weights."""
    if request.param == "random":
        return random_model
    try:
        return catalogue.find(request.param)
    except ModelError as error:
        pytest.skip(str(error))


def test_the_network_alone(model):
    """float32 in and out, all colours as one batch of pictures wider than twice the radius."""
    with Session(model, provider="cpu", threads=1) as session:
        side = 2 * session.radius + 3
        planes = np.broadcast_to(COLOURS[:, :, None, None] / np.float32(255), (len(COLOURS), 3, side, side))
        made = np.concatenate([session.run(np.ascontiguousarray(part)) for part in np.split(planes, 9)])
    assert made.shape == (729, 3, 2 * side, 2 * side)
    pixels = np.clip(np.rint(made * 255), 0, 255).astype(np.uint8)
    assert (pixels == COLOURS[:, :, None, None]).all()


@pytest.mark.parametrize("tile", [None, 4])
def test_through_the_runtime(model, tile):
    """uint8 in and out, picture by picture; with small tiles for a part of the colours."""
    with Upscaler(model, provider="cpu", tile=tile, threads=1) as upscaler:
        for colour in COLOURS[:: 1 if tile is None else 27]:
            image = np.broadcast_to(colour, (SIDE, SIDE + 2, 3))
            assert (upscaler(image) == colour).all(), colour
