"""The loaders of ConvNeXt and CLIP on random weights of the right shapes, saved as the public ones are."""

from pathlib import Path

import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, ConvNextConfig, ConvNextModel

from paragonsr.errors import AssetError
from paragonsr.judges import hub


def test_convnext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    model = ConvNextModel(ConvNextConfig()).eval()  # tiny's sizes are the library's defaults
    model.save_pretrained(tmp_path)
    monkeypatch.setattr(hub, "CONVNEXT", str(tmp_path))
    space, x = hub.load("convnext_tiny"), torch.rand(1, 3, 64, 96)
    stages = space(x, 3).stages
    assert [tuple(stage.shape) for stage in stages] == [(1, 96, 16, 24), (1, 192, 8, 12), (1, 384, 4, 6)]
    shift, scale = (torch.tensor(row).view(1, 3, 1, 1) for row in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        hidden = model((x - shift) / scale, output_hidden_states=True).hidden_states
    assert any(state.shape == stages[1].shape and torch.allclose(stages[1], state, atol=1e-5) for state in hidden)


def test_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    config = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, patch_size=32
    )
    CLIPVisionModelWithProjection(config).save_pretrained(tmp_path)
    monkeypatch.setattr(hub, "CLIP", str(tmp_path))
    x = torch.rand(2, 3, 96, 96, requires_grad=True)
    embedding = hub.load("clip_vit_b32")(x).embedding
    assert embedding is not None
    assert embedding.shape == (2, 512)
    (slope,) = torch.autograd.grad(embedding.square().sum(), x)
    assert float(slope.norm()) > 0


def test_what_cannot_be_had_is_named_and_nothing_takes_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "CONVNEXT", str(tmp_path / "nowhere"))
    with pytest.raises(AssetError, match=r"convnext_tiny: the weights .*nowhere cannot be had"):
        hub.load("convnext_tiny")
