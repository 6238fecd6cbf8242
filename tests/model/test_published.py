"""The published network against a plain NumPy reading of its structure, and against the outputs stored with it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from safetensors.numpy import load_file

from paragonsr.model import published

Arrays = dict[str, NDArray[np.generic]]
FILES = {"nonema": "2xParagonSR2_Nano_Pretrain.safetensors", "ema": "2xParagonSR2_Nano_Pretrain_ema.safetensors"}


def build(arrays: Arrays) -> published.Published:
    return published.build({name: torch.from_numpy(np.asarray(array)) for name, array in arrays.items()}, torch.float64)


def convolve(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | float = 0.0) -> np.ndarray:
    """`[C,H,W]` under `[O,C,h,w]`, zeros around it."""
    height, width = weight.shape[2:]
    rims = ((0, 0), (height // 2, height // 2), (width // 2, width // 2))
    windows = sliding_window_view(np.pad(x, rims), (height, width), axis=(1, 2))
    return np.einsum("cyxhw,ochw->oyx", windows, weight) + np.reshape(bias, (-1, 1, 1))


def depthwise(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    bias = np.zeros(len(x)) if bias is None else bias
    return np.concatenate([convolve(x[c : c + 1], weight[c : c + 1], bias[c]) for c in range(len(x))])


def reference(arrays: Arrays, x: np.ndarray, *, per_image: bool) -> np.ndarray:
    """One picture `[3,H,W]`."""
    a = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items()}

    def layer(name: str, y: np.ndarray) -> np.ndarray:
        return convolve(y, a[f"{name}.weight"], a[f"{name}.bias"])

    def block(name: str, y: np.ndarray) -> np.ndarray:
        parts = [y[:4]]
        for kind, (first, last) in {"hw": (4, 6), "w": (6, 7), "h": (7, 10)}.items():
            key = f"{name}.context.dwconv_{kind}"
            parts.append(depthwise(y[first:last], a[f"{key}.weight"], a[f"{key}.bias"]))
        y = y + a[f"{name}.ls1.gamma"][:, None, None] * np.concatenate(parts)
        inner = f"{name}.transformer"
        wide, kernel = layer(f"{inner}.project_in", y), a[f"{inner}.tracked_kernel"]
        if per_image:
            mean = wide.mean((1, 2), keepdims=True)
            hidden = np.maximum(layer(f"{inner}.kernel_generator.predictor.1", mean), 0)
            kernel = layer(f"{inner}.kernel_generator.predictor.3", hidden).reshape(kernel.shape)
        mixed = depthwise(wide, kernel)
        mixed = np.where(mixed > 0, mixed, 0.1 * mixed)
        return y + a[f"{name}.ls2.gamma"][:, None, None] * layer(f"{inner}.project_out", mixed)

    y = shallow = layer("conv_in", x)
    middle = y + block("body.0.blocks.1", block("body.0.blocks.0", y))
    y = layer("conv_fuse", middle + block("body.1.blocks.0", middle)) + shallow
    for axis in ("h", "v"):
        y = depthwise(y, a[f"magic_upsampler.sharpen.conv_{axis}.weight"])
    y = y.repeat(2, axis=1).repeat(2, axis=2)
    for axis in ("h", "v"):
        y = depthwise(y, a[f"magic_upsampler.resample_conv.conv_{axis}.weight"])
    return layer("conv_out", layer("upsampler", y))


@pytest.mark.parametrize("per_image", [False, True])
def test_computes_what_its_structure_says(published_arrays: Arrays, per_image: bool) -> None:
    x = np.random.default_rng(0).random((2, 3, 11, 14))
    given = build(published_arrays)(torch.from_numpy(x), per_image=per_image).numpy()
    expected = np.stack([reference(published_arrays, picture, per_image=per_image) for picture in x])
    assert np.abs(expected).mean() > 0.05
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-12)


def test_the_radius_is_how_far_it_looks(published_arrays: Arrays) -> None:
    net, at = build(published_arrays), 40
    x = torch.rand(1, 3, 81, 81, dtype=torch.float64)
    changed = x.clone()
    changed[:, :, at, at] = -5
    rows = (net(x) != net(changed)).flatten(0, 1).any(0).any(1).nonzero().flatten() // 2
    assert net.radius == 1 + 3 * 5 + 1 + 3 + 2
    assert net.radius - 1 <= max(at - int(rows[0]), int(rows[-1]) - at) <= net.radius


def test_parameters_are_counted_by_hand(published_arrays: Arrays) -> None:
    unused = ("predictor", "identity", "initialized", "magic")
    used = [array.size for name, array in published_arrays.items() if not any(word in name for word in unused)]
    assert build(published_arrays).parameters == sum(used)


@pytest.mark.parametrize("fault", ["missing", "unknown", "size"])
def test_what_is_no_such_network_is_refused(published_arrays: Arrays, fault: str) -> None:
    arrays = dict(published_arrays)
    if fault == "missing":
        del arrays["body.0.blocks.1.ls2.gamma"]
    elif fault == "unknown":
        arrays["body.0.blocks.1.ls3.gamma"] = np.zeros(10, np.float32)
    else:
        arrays["body.1.blocks.0.transformer.tracked_kernel"] = np.zeros((13, 1, 3, 3), np.float32)
    assert published.recognises(arrays)
    with pytest.raises(ValueError, match="ParagonSR2 Nano"):
        build(arrays)


@pytest.mark.parametrize("kernels", ["static", "dynamic"])
@pytest.mark.parametrize("kind", FILES)
def test_reproduces_the_outputs_stored_with_the_published_files(assets: Path, kind: str, kernels: str) -> None:
    """Within 1e-5 (and 1e-5 of the value): the stored outputs are float32 and carry its rounding, ours is float64."""
    folder = assets / "reference"
    if not folder.is_dir():
        pytest.skip("no published checkpoints in the assets")
    stored, arrays = np.load(folder / "published_nano_io.npz"), dict(load_file(folder / FILES[kind]))
    net = build(arrays)
    assert net.averaged == (kind == "nonema")
    if not net.averaged and kernels == "static":  # what the author's program runs when the flag is not set
        fallback = {name: array for name, array in arrays.items() if name.endswith("identity_kernel")}
        net = build(arrays | {name.replace("identity", "tracked"): array for name, array in fallback.items()})
    given = net(torch.from_numpy(stored["input"]).double(), per_image=kernels == "dynamic").numpy()
    np.testing.assert_allclose(given, stored[f"{kind}_{kernels}"], rtol=1e-5, atol=1e-5)
    assert np.abs(given - stored[f"{kind}_{kernels}"]).mean() < 1e-6
