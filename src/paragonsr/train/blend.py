"""Between two trainings: part of the weights of the one, and the rest of the other's.

A network that was tuned from another lies in the same valley as that one, and the straight way between the two leads
from faithful to sharp (network interpolation, Wang et al. 2018, ESRGAN, section 3.4), and a little beyond.
"""

from collections import defaultdict
from pathlib import Path

import msgspec
import torch

from paragonsr.errors import TrainingError
from paragonsr.model.generator import Nano
from paragonsr.train import state


def blend(origin: Path, tuned: Path, share: float, path: Path) -> None:
    """Write to `path` a checkpoint of `share` of `tuned`'s average and 1 - `share` of `origin`'s.

    It says of itself what `tuned` does, and the share of every training, of blends too; there is no optimiser in it:
    it can be exported, or start another training. Raises TrainingError when either is no checkpoint, or they are of
    different networks.
    """
    (model, training), (other, before) = state.about(tuned), state.about(origin)
    if model != other:
        raise TrainingError(f"{origin} and {tuned} are of different networks: there is nothing between them")
    average, progress = between(origin, tuned, share)
    shares = defaultdict[str, float](float)
    for part, weight in ((before, 1 - share), (training, share)):
        for name, own in (part.blend or {part.recipe: 1.0}).items():
            shares[name] += own * weight
    training = msgspec.structs.replace(training, blend={name: round(value, 6) for name, value in shares.items()})
    about = {"model": msgspec.json.encode(model).decode(), "training": msgspec.json.encode(training).decode()}
    state.save(path, progress, about, {"average": average})


@torch.no_grad()
def between(origin: Path, tuned: Path, share: float) -> tuple[Nano, state.Progress]:
    """The network at `share` of the way from `origin`'s average to `tuned`'s, and how far `tuned` had come."""
    model, _ = state.about(tuned)
    nano, goal = Nano(model), Nano(model)
    state.start(origin, nano)
    progress = state.start(tuned, goal)
    for tensor, end in zip(nano.state_dict().values(), goal.state_dict().values(), strict=True):
        tensor.lerp_(end, share)
    return nano, progress
