"""ARNIQA on random weights: names and shapes of the public files, both scales, the scale of opinions, refusals, parity.

The public weights cannot be had where this was written; the names checked here are those of the public files: the
encoder numbered as a sequence of ResNet-50's parts, the regressor a TorchScript module with `weights` and `biases`.
"""

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from paragonsr.curate import prepare
from paragonsr.curate.scorers import Scorer
from paragonsr.errors import ModelError, OutputExistsError
from paragonsr.judges import arniqa


class Regressor(torch.nn.Module):
    """As the public ones were converted: not a linear layer, two plain tensors."""

    def __init__(self, weights: torch.Tensor, biases: torch.Tensor) -> None:
        super().__init__()
        self.weights, self.biases = torch.nn.Parameter(weights), torch.nn.Parameter(biases)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weights.T + self.biases


def save(head: Regressor, path: Path) -> None:
    """As TorchScript, which torch calls deprecated; the public files are what they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(head).save(str(path))


@pytest.fixture(scope="module")
def drawn() -> arniqa.Arniqa:
    """The network with random weights, and statistics of batches that are not those it begins with."""
    torch.manual_seed(0)
    net = arniqa.Arniqa("koniq10k")
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
    torch.nn.init.normal_(net.regressor.weight, 0, 20)
    torch.nn.init.constant_(net.regressor.bias, 50)
    return net.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def weights(drawn: arniqa.Arniqa, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the two files, named as the public ones."""
    folder = tmp_path_factory.mktemp("arniqa")
    encoder = {f"model.{key}": value for key, value in drawn.model.state_dict().items()}
    torch.save(encoder | {"projector.0.weight": torch.zeros(2048, 2048)}, folder / "ARNIQA.pth")
    save(Regressor(drawn.regressor.weight.data, drawn.regressor.bias.data[0]), folder / "regressor_koniq10k.pth")
    return folder


def test_names_and_shapes_of_the_public_encoder(drawn: arniqa.Arniqa) -> None:
    shapes = {key: tuple(value.shape) for key, value in drawn.model.state_dict().items()}
    assert shapes["0.weight"] == (64, 3, 7, 7)
    assert shapes["1.running_var"] == (64,)
    assert shapes["4.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert shapes["5.0.conv2.weight"] == (128, 128, 3, 3)
    assert shapes["6.5.conv3.weight"] == (1024, 256, 1, 1)
    assert shapes["7.2.bn3.bias"] == (2048,)
    assert not any(key.startswith(("2.", "3.", "8.")) for key in shapes)
    learned = sum(value.numel() for value in drawn.model.parameters())
    assert learned == 25_557_032 - 1000 * 2049, "ResNet-50 without its classifier (He et al. 2016)"


@torch.no_grad()
def test_the_loader_gives_what_was_saved(drawn: arniqa.Arniqa, weights: Path) -> None:
    loaded, x = arniqa.load(weights), torch.rand(2, 3, 64, 80)
    assert not loaded.training
    assert torch.equal(loaded(x), drawn(x))


@torch.no_grad()
def test_the_score_is_of_both_scales(drawn: arniqa.Arniqa) -> None:
    """The regressor's first half sees the whole picture, its second half the halved one; 1 to 100 becomes 0 to 1."""
    x = torch.rand(1, 3, 64, 96)
    features = torch.cat((drawn.embed(x), drawn.embed(drawn.half(x))), dim=1)
    assert features.shape == (1, 4096)
    assert features[:, :2048].norm() == pytest.approx(1, abs=1e-5)
    assert features[:, 2048:].norm() == pytest.approx(1, abs=1e-5)
    opinion = features @ drawn.regressor.weight.T + drawn.regressor.bias
    assert float(drawn(x)) == pytest.approx(float(opinion - 1) / 99, abs=1e-5)


def test_half_is_pillow_s_antialiased_bilinear_kernel() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 96), np.uint8)
    expected = np.asarray(Image.fromarray(pixels).resize((48, 32), Image.Resampling.BILINEAR), np.float64)
    x = torch.from_numpy(np.stack([pixels] * 3)[None]).float()
    found = arniqa.Arniqa("live").half(x)[0, 0].numpy()
    inside = (slice(1, -1), slice(1, -1))  # Pillow's border drops the tap beyond it, the authors' repeats the pixel
    assert np.abs(found - expected)[inside].max() < 1, "it rounds twice"


@torch.no_grad()
@pytest.mark.parametrize(("opinions", "least", "most", "sense"), [("live", 1, 100, -1), ("kadid10k", 1, 5, 1)])
def test_opinions_where_less_is_better_are_turned(opinions: str, least: float, most: float, sense: int) -> None:
    net = arniqa.Arniqa(opinions).eval()
    net.regressor.weight.zero_()
    scores = []
    for opinion in (least, most):
        net.regressor.bias.fill_(opinion)
        scores.append(float(net(torch.rand(1, 3, 64, 64))))
    assert scores == pytest.approx([0, 1] if sense > 0 else [1, 0], abs=1e-5)


def test_wrong_files_are_refused_by_name(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"must hold ARNIQA.pth and one regressor"):
        arniqa.load(tmp_path)
    encoder, regressor = arniqa.files(weights)
    (tmp_path / "ARNIQA.pth").symlink_to(encoder)
    other = tmp_path / "regressor_mine.pth"
    other.symlink_to(regressor)
    with pytest.raises(ModelError, match="its scale is not known"):
        arniqa.load(tmp_path)
    other.unlink()
    torch.save({"weights": torch.zeros(1, 2048), "biases": torch.tensor(0.0)}, tmp_path / "regressor_live.pth")
    with pytest.raises(ModelError, match=r"regressor_live.pth: .* of another shape: weight \(\(1, 2048\) for \(1, 409"):
        arniqa.load(tmp_path)
    tensors = torch.load(encoder, weights_only=True)
    del tensors["model.4.0.conv1.weight"]
    (tmp_path / "ARNIQA.pth").unlink()
    torch.save(tensors | {"model.fc.weight": torch.zeros(1)}, tmp_path / "ARNIQA.pth")
    with pytest.raises(ModelError, match=r"missing: model.4.0.conv1.weight; unexpected: model.fc.weight"):
        arniqa.load(tmp_path)
    (tmp_path / "ARNIQA.pth").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"ARNIQA.pth: cannot be read as weights"):
        arniqa.load(tmp_path)


def test_prepared_it_computes_the_same_without_torch(drawn: arniqa.Arniqa, weights: Path, tmp_path: Path) -> None:
    out = prepare.prepare("arniqa", weights, tmp_path / "arniqa.onnx")
    scorer = Scorer(out)
    assert scorer.name == "arniqa"
    assert scorer.prepared.parity <= prepare.TOLERANCE
    assert set(scorer.prepared.source) == {"ARNIQA.pth", "regressor_koniq10k.pth"}
    tiles = [np.random.default_rng(seed).integers(0, 256, (96, 128, 3), np.uint8) for seed in range(3)]
    x = torch.from_numpy(np.stack(tiles)).permute(0, 3, 1, 2).float() / 255
    with torch.no_grad():
        assert scorer.score(tiles) == pytest.approx(drawn(x).tolist(), abs=prepare.TOLERANCE)
    assert scorer.score(tiles[::-1]) == pytest.approx(scorer.score(tiles)[::-1], abs=1e-6)
    stamp = out.stat().st_mtime_ns
    assert prepare.prepare("arniqa", weights, out).stat().st_mtime_ns == stamp, "from the same weights: nothing to do"
    save(Regressor(torch.zeros(1, 4096), torch.tensor(1.0)), tmp_path / "regressor_live.pth")
    (tmp_path / "ARNIQA.pth").symlink_to(weights / "ARNIQA.pth")
    with pytest.raises(OutputExistsError, match="prepared from other weights"):
        prepare.prepare("arniqa", tmp_path, out)
