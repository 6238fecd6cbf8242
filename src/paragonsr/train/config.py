"""The settings of a training."""

from typing import Annotated, Literal

import msgspec

Positive = Annotated[int, msgspec.Meta(ge=1)]
Weight = Annotated[float, msgspec.Meta(ge=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Scale = Annotated[float, msgspec.Meta(gt=0, le=1)]
Beta = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the tiles lie and how often each photograph is drawn.

    Relative folders are looked up in the assets folder (`PARAGONSR_ASSETS`). A photograph weighs as much as its tiles,
    at most `tiles_per_photo` of them; one whose name begins with one of `textures` weighs `texture_weight` times that.
    Each crop comes from its tile reduced to one of `scales`, drawn alike: smaller is sharper and less noisy.
    """

    train: str = "data/train"
    validation: str = "data/val"
    licence: str = "CC0-1.0 and public domain"
    tiles_per_photo: Positive = 4
    textures: tuple[str, ...] = ("t3d_", "hterr_", "sw_")
    texture_weight: Weight = 0.25
    scales: tuple[Scale, ...] = (1.0, 0.75, 0.5)


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a step sees: `size` crops of `patch` x `patch` input pixels without their context.

    A share `drawn` of them are lettering and line art of our own making, a share `gray` without colour.
    """

    size: Positive = 8
    patch: Annotated[int, msgspec.Meta(ge=16, le=256)] = 48
    gray: Share = 0.05
    drawn: Share = 0.04


class Losses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The weight of each term, applied once, in the step."""

    l1: Weight = 1.0
    ms_ssim: Weight = 0.002


class Optimiser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """AdamW with a linear warm-up and a cosine down to `final` times the learning rate."""

    rate: Annotated[float, msgspec.Meta(gt=0)] = 2e-3
    final: Share = 1e-3
    warmup: Positive = 500
    beta1: Beta = 0.9
    beta2: Beta = 0.99
    decay: Weight = 0.0
    clip: Annotated[float, msgspec.Meta(gt=0)] = 1.0


class Features(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """L1 between what a network sees: `stages` by their places from 1, with their own weights."""

    weight: Weight = 0.2
    space: Literal["efficientnet_lite2", "vgg16", "convnext_tiny"] = "efficientnet_lite2"
    stages: tuple[Positive, ...] = (2, 3)
    stage_weights: tuple[Weight, ...] = (1.0, 0.5)


class Contrastive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nearer to the target than to the enlarged input and, if wanted, to a blurred and an over-sharpened target."""

    weight: Weight = 0.1
    space: Literal["efficientnet_lite2", "clip_vit_b32"] = "efficientnet_lite2"
    temperature: Annotated[float, msgspec.Meta(gt=0)] = 0.1
    blurred: bool = False
    sharpened: bool = False


class Adversarial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A discriminator of `width`; the generator's weight grows from 0 over the first `ramp` steps.

    `gamma` / 2 is the weight of R1 and of R2, which are computed at every `penalty_every`-th step, that many times as
    heavy. The slopes they keep small are of a picture's *mean* logit, so gamma is large: see bench/perceptual_sweep.py.
    """

    weight: Weight = 0.02
    ramp: Positive = 500
    gamma: Weight = 1000.0
    penalty_every: Positive = 4
    width: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    optimiser: Optimiser = Optimiser(rate=1.5e-4, warmup=100, clip=10.0)


class Perceptual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stage 2: the weights of its terms, beside those of `train.losses` that hold it to the target.

    The best checkpoint has the lowest DISTS of the validations that lose at most `floor` dB of PSNR-Y against the
    start and shift no picture's mean colour by more than `drift`/255. LPIPS has no part in it: it is the witness.
    DISTS, whose VGG16 is half of a step, looks at a share `dists_share` of each batch, at least at one picture: of the
    same mean, in less time.
    """

    features: Features = Features()
    dists: Weight = 0.4
    contrastive: Contrastive = Contrastive()
    consistency: Weight = 0.3
    frequency: Weight = 0.2
    overshoot: Weight = 0.0
    adversarial: Adversarial = Adversarial()
    floor: Annotated[float, msgspec.Meta(gt=0)] = 0.45
    drift: Annotated[float, msgspec.Meta(gt=0)] = 0.7
    dists_share: Share = 1.0


class Train(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One training. `threads`, `device` and `workers` say where it runs; everything else decides its result.

    `start` is a checkpoint whose average the training begins with, by its path; without one it begins at random.
    With a `perceptual` table it is a stage 2, else a stage 1.
    """

    name: str
    start: str | None = None
    steps: Positive = 60_000
    seed: Seed = 0
    ema: Beta = 0.999
    log_every: Positive = 100
    validate_every: Positive = 2000
    save_every: Positive = 1000
    threads: Positive = 1
    workers: Annotated[int, msgspec.Meta(ge=0)] = 0
    device: str = "cpu"
    data: Data = Data()
    batch: Batch = Batch()
    losses: Losses = Losses()
    optimiser: Optimiser = Optimiser()
    perceptual: Perceptual | msgspec.UnsetType = msgspec.UNSET
