"""ConvNeXt-Tiny (Liu et al. 2022) and CLIP ViT-B/32 (Radford et al. 2021), from their public place by their names."""

from typing import Literal, cast

import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection, ConvNextModel

from paragonsr.errors import AssetError
from paragonsr.judges import weights
from paragonsr.judges.look import Look, normalise

CONVNEXT, CLIP = "facebook/convnext-tiny-224", "openai/clip-vit-base-patch32"
CLIP_MEAN, CLIP_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class ConvNext(nn.Module):
    """The four stages, at strides 4, 8, 16 and 32, of pictures in [0,1] with sides from 32 up."""

    depths = 4
    embeds = False

    def __init__(self, model: ConvNextModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, depth: int = 4, *, embed: bool = False) -> Look:
        """See the class; the stages deeper than `depth` are not computed."""
        x = self.model.embeddings(normalise(x))
        stages: list[Tensor] = []
        for stage in self.model.encoder.stages[:depth]:
            x = stage(x)
            stages.append(x)
        return Look(stages)


class Clip(nn.Module):
    """The picture embedding of pictures in [0,1], resized to the square it was trained on."""

    depths = 0
    embeds = True

    def __init__(self, model: CLIPVisionModelWithProjection) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, depth: int = 0, *, embed: bool = True) -> Look:
        """See the class."""
        side = cast(int, self.model.config.image_size)
        x = F.interpolate(x, (side, side), mode="bicubic", antialias=True, align_corners=False)
        return Look([], self.model(normalise(x, CLIP_MEAN, CLIP_STD)).image_embeds)


def load(name: Literal["convnext_tiny", "clip_vit_b32"]) -> ConvNext | Clip:
    """With the published weights, downloaded once. Raises AssetError when they cannot be had."""
    public = CONVNEXT if name == "convnext_tiny" else CLIP
    try:
        if name == "convnext_tiny":
            return weights.freeze(ConvNext(ConvNextModel.from_pretrained(public)))
        return weights.freeze(Clip(CLIPVisionModelWithProjection.from_pretrained(public)))
    except OSError as error:
        raise AssetError(f"{name}: the weights {public} cannot be had: {error}") from error
