"""Two processes at one training learn what one learns."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from paragonsr.degrade.config import Degradation
from paragonsr.errors import RecipeError
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.recipe import Recipe, dumps
from paragonsr.train import loop, state
from paragonsr.train.config import Adversarial, Batch, Contrastive, Features, Optimiser, Perceptual, Train
from paragonsr.train.data import Crops
from paragonsr.train.ranks import Ranks
from paragonsr.train.shards import pack

ONE = """
    import sys
    from pathlib import Path
    import msgspec
    from paragonsr.recipe import Recipe
    from paragonsr.train import loop
    given = msgspec.json.decode(sys.argv[1], type=Recipe)
    loop.train(given.train, given.model, given.degradation, Path(sys.argv[2]))
"""
OWN = Perceptual(
    Features(0.02, stages=(1,), stage_weights=(1.0,)),
    contrastive=Contrastive(0),
    frequency=20.0,
    adversarial=Adversarial(0.1, ramp=1, gamma=10.0, penalty_every=1, width=2),
)


def together(recipe: Recipe, folder: Path) -> None:
    """Run it in two processes, as torchrun would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    code = "\n".join(line.removeprefix("    ") for line in ONE.splitlines())
    shared = os.environ | {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    shared["PYTHONFAULTHANDLER"] = "1"  # an abort in C++ was seen once: say where Python stood
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, dumps(recipe).decode(), str(folder)],
            env=shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=600)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], "\n".join(said)


@pytest.mark.parametrize("second", [False, True], ids=["fidelity", "perceptual"])
def test_two_processes_equal_one(
    settings: Train, model: Model, tmp_path: Path, request: pytest.FixtureRequest, second: bool
) -> None:
    changes: dict[str, object] = {
        "steps": 3,
        "validate_every": 3,
        "batch": Batch(size=4, patch=24),
        "optimiser": Optimiser(rate=1e-3, warmup=1),
    }
    if second:
        if not (request.getfixturevalue("assets") / "weights").is_dir():
            pytest.skip("the published weights are not there")
        changes["perceptual"] = OWN
    recipe = Recipe(msgspec.structs.replace(settings, **changes), model, Degradation())
    loop.train(recipe.train, recipe.model, recipe.degradation, tmp_path / "alone")
    together(recipe, tmp_path / "both")
    torch.manual_seed(recipe.train.seed)
    begun = Nano(model).state_dict()
    (one, alone), (two, both) = (state.load(tmp_path / name / loop.LAST) for name in ("alone", "both"))
    assert (one.step, one.images) == (two.step, two.images) == (3, 12)
    assert alone.keys() == both.keys()
    for name, before in begun.items():
        moved, apart = alone[f"network.{name}"] - before, alone[f"network.{name}"] - both[f"network.{name}"]
        assert float(apart.norm()) < 0.02 * float(moved.norm()), name
    lines = [
        [json.loads(line) for line in (tmp_path / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("alone", "both")
    ]
    for ours, theirs in zip(*lines, strict=True):
        assert ours.keys() == theirs.keys()
        for name in {"loss", "l1", "gradient", "discriminator", "discriminator_gradient"} & ours.keys():
            assert theirs[name] == pytest.approx(ours[name], rel=1e-3), name


def test_a_batch_is_shared_without_rest(settings: Train, tmp_path: Path) -> None:
    shard = pack(Path(settings.data.train), tmp_path / "shards", settings.data, settings.data.scales)

    def crops(ranks: Ranks) -> Crops:
        return Crops(shard, Batch(4, 22), Degradation(), context=4, seed=0, ranks=ranks)

    whole, shares = crops(Ranks())[2], [crops(Ranks(rank, 2))[2] for rank in range(2)]
    for side in range(2):
        for rank in range(2):
            assert torch.equal(whole[side][rank::2], shares[rank][side])
    with pytest.raises(RecipeError, match="4 samples cannot be shared by 3 processes"):
        crops(Ranks(0, 3))
