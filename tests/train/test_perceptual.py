"""Stage 2 in the one loop: its step, its rule, what it watches, and its exact resume. Needs the published weights."""

import json
import math
from pathlib import Path

import msgspec
import pytest
import torch

from paragonsr.degrade.config import Degradation
from paragonsr.errors import RecipeError, TrainingError
from paragonsr.model.config import Model
from paragonsr.model.generator import Nano
from paragonsr.train import loop, state, validate
from paragonsr.train.config import Adversarial, Batch, Contrastive, Features, Losses, Optimiser, Perceptual, Train
from paragonsr.train.losses import adversarial
from paragonsr.train.perceptual import Perceptual as Stage
from paragonsr.train.ranks import Ranks

OWN = Perceptual(
    features=Features(weight=0.02, stages=(1, 2)),
    contrastive=Contrastive(weight=0.005, blurred=True, sharpened=True),
    frequency=20.0,
    overshoot=10.0,
    adversarial=Adversarial(weight=0.1, ramp=4, gamma=10.0, penalty_every=2, width=2),
)
TERMS = {"l1", "ms_ssim", "features", "dists", "contrastive", "consistency", "frequency", "overshoot", "adversarial"}


@pytest.fixture
def second(settings: Train, assets: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """A stage 2 of four steps with every term."""
    if not (assets / "weights").is_dir():
        pytest.skip(f"the published weights are not at {assets / 'weights'}")
    monkeypatch.setenv("PARAGONSR_ASSETS", str(assets))
    changes = {"steps": 4, "validate_every": 2, "save_every": 1, "perceptual": OWN, "batch": Batch(size=2, patch=24)}
    return msgspec.structs.replace(settings, **changes)


def stage(config: Train, model: Model) -> Stage:
    torch.manual_seed(0)
    return Stage(config, Nano(model), Nano(model), Ranks())


def batch(stage: Stage, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    draw, side = torch.Generator().manual_seed(seed), 24 + 2 * stage.nano.radius
    shapes = ((2, 3, side, side), (2, 3, 48, 48))
    low, high = (torch.randint(0, 256, shape, generator=draw, dtype=torch.uint8) for shape in shapes)
    return low, high


def test_every_term_is_weighted_once_and_moves_the_output(second: Train, model: Model) -> None:
    subject = stage(second, model)
    figures = subject.step(1, *batch(subject), watched=True)
    ramped = subject.weights | {"adversarial": 0.1 * 2 / 4}
    assert ramped.keys() == TERMS
    assert figures["loss"] == pytest.approx(sum(weight * figures[name] for name, weight in ramped.items()), rel=1e-5)
    shares = {name: figures[f"share/{name}"] for name in TERMS}
    assert sum(shares.values()) == pytest.approx(1, rel=1e-5)
    assert min(shares.values()) > 0
    assert figures["r1"] > 0
    assert figures["r2"] > 0


def test_watching_changes_nothing_that_is_learned(second: Train, model: Model) -> None:
    left, right = stage(second, model), stage(second, model)
    for at in range(2):
        left.step(at, *batch(left, at), watched=True)
        right.step(at, *batch(right, at), watched=False)
    for a, b in zip(left.nano.parameters(), right.nano.parameters(), strict=True):
        assert torch.equal(a, b)
    assert left.rival is not None
    assert right.rival is not None
    for a, b in zip(left.rival.munet.parameters(), right.rival.munet.parameters(), strict=True):
        assert torch.equal(a, b)


def test_each_network_learns_from_its_own_loss_alone(second: Train, model: Model) -> None:
    """The generator's gradient is that of its weighted sum, the discriminator's that of its own loss and penalties."""
    subject, other = stage(second, model), stage(second, model)
    low, high = batch(subject)
    subject.step(1, low, high, watched=False)
    rival = other.rival
    assert rival is not None
    assert subject.rival is not None
    scene = other._scene(low.float() / 255, high.float() / 255)
    verdict = rival.judge(scene.target, scene.output.detach())
    apart = adversarial.discriminator(verdict.real, verdict.fake)
    pictures = torch.cat((scene.target, scene.output.detach())).requires_grad_(True)
    slopes = adversarial.squared_slopes(pictures, rival.munet(pictures))
    loss = apart + 2 * 10.0 / 2 * (slopes[:2].mean() + slopes[2:].mean())
    expected = torch.autograd.grad(loss, list(rival.munet.parameters()))
    norm = torch.stack([gradient.norm() for gradient in expected]).norm()
    scale = min(1.0, OWN.adversarial.optimiser.clip / float(norm))
    for gradient, parameter in zip(expected, subject.rival.munet.parameters(), strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradient * scale, rtol=1e-3, atol=1e-6)


def test_stopped_and_resumed_equals_straight_bitwise(
    second: Train, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight, resumed = tmp_path / "straight", tmp_path / "resumed"
    loop.train(second, model, Degradation(), straight)
    with monkeypatch.context() as patch:
        patch.setattr(validate, "perceptual", lambda *given: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            loop.train(second, model, Degradation(), resumed)
    assert state.load(resumed / "last.safetensors")[0].step == 1
    loop.train(second, model, Degradation(), resumed)
    for name in ("last.safetensors", "best.safetensors"):
        (progress, tensors), (other, others) = state.load(straight / name), state.load(resumed / name)
        assert progress == other
        assert tensors.keys() == others.keys()
        assert {key.split(".")[0] for key in tensors} == {
            "network",
            "average",
            "optimiser",
            "discriminator",
            "discriminator_optimiser",
        }
        assert [key for key in tensors if not torch.equal(tensors[key], others[key])] == []
    assert (straight / "metrics.jsonl").read_bytes() == (resumed / "metrics.jsonl").read_bytes()
    lines = [json.loads(line) for line in (straight / "metrics.jsonl").read_text().splitlines()]
    assert all({f"share/{name}" for name in TERMS} < line.keys() for line in lines if "loss" in line)
    assert [line["step"] for line in lines if "dists" in line and "colour_shift" in line] == [2, 4]


def test_the_best_has_the_lowest_dists_within_the_limits(second: Train, model: Model) -> None:
    subject, progress = stage(second, model), state.Progress("s", start_psnr=30.0)

    def take(psnr: float, distance: float, shift: float) -> bool:
        better = subject.improves(validate.Figures(psnr, distance, shift), progress)
        if better:
            progress.best_step, progress.best_psnr = 1, psnr
            progress.best_dists, progress.best_shift = distance, shift
        return better

    assert take(29.0, 0.10, 0.1)  # outside, but the first
    assert take(29.3, 0.12, 0.1)  # outside, nearer
    assert take(29.9, 0.20, 0.1)  # inside
    assert not take(29.5, 0.05, 0.1)  # 0.5 dB lost of 0.45
    assert not take(29.9, 0.05, 0.8)  # colour
    assert take(29.6, 0.15, 0.1)
    assert not take(31.0, 0.16, 0.0)


def test_what_goes_wrong_is_named(second: Train, model: Model) -> None:
    subject = stage(second, model)
    assert subject.rival is not None
    assert subject.warnings() == []
    subject.shift = 0.9
    subject.rival.losses = [0.01] * 60
    said = " ".join(subject.warnings())
    assert "the discriminator has won" in said
    assert "colour drifts: a picture's mean by 0.90/255" in said
    subject.rival.losses = [math.log(2)] * 60
    assert ["collapsed" in sentence for sentence in subject.warnings()] == [True]
    subject.rival.losses = [0.4] * 60
    assert subject.warnings() == []
    with torch.no_grad():
        next(subject.rival.munet.parameters())[0] = math.nan
    before = [parameter.clone() for parameter in subject.nano.parameters()]
    with pytest.raises(TrainingError, match="not finite: adversarial"):
        subject.step(0, *batch(subject), watched=False)
    assert all(torch.equal(a, b) for a, b in zip(before, subject.nano.parameters(), strict=True))


def test_settings_that_do_not_go_together_are_refused(second: Train, model: Model) -> None:
    for own, complaint in (
        (Perceptual(features=Features(stages=(2, 3), stage_weights=(1.0,))), "2 stages, but 1 weights"),
        (Perceptual(features=Features(stages=(9,), stage_weights=(1.0,))), "efficientnet_lite2 has 5 stages, not 9"),
    ):
        with pytest.raises(RecipeError, match=complaint):
            stage(msgspec.structs.replace(second, perceptual=own), model)
    with pytest.raises(RecipeError, match="the discriminator needs"):
        stage(msgspec.structs.replace(second, batch=Batch(2, 26)), model)
    with pytest.raises(RecipeError, match="every weight is 0"):
        stage(msgspec.structs.replace(second, losses=Losses(0, 0)), model)


def test_terms_without_weight_cost_nothing(second: Train, model: Model) -> None:
    bare = Perceptual(Features(0), contrastive=Contrastive(0), consistency=0, frequency=0, adversarial=Adversarial(0))
    subject = stage(msgspec.structs.replace(second, perceptual=bare, optimiser=Optimiser(rate=1e-3)), model)
    assert subject.rival is None
    assert subject.eyes.wanted == {}
    figures = subject.step(0, *batch(subject), watched=True)
    assert {name for name in figures if "/" in name} == {"share/l1", "share/ms_ssim", "share/dists"}


def test_dists_looks_at_its_share_of_the_batch(second: Train, model: Model) -> None:
    half = msgspec.structs.replace(second, perceptual=msgspec.structs.replace(OWN, dists_share=0.5))
    subject, other = stage(half, model), stage(second, model)
    low, high = batch(subject)
    first_twice = (low[[0, 0]], high[[0, 0]])
    found = [
        one.step(0, *given, watched=True)["dists"] for one, given in ((subject, (low, high)), (other, first_twice))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-4)
    assert found[0] != pytest.approx(stage(second, model).step(0, low, high, watched=True)["dists"], rel=1e-3)
