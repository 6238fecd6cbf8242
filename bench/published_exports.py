"""A published checkpoint of the author as the exporters and simplifiers there are make it, to be raced.

    pip install onnxscript onnxslim onnxsim
    python bench/published_exports.py 2xParagonSR2_Nano_Pretrain.safetensors FOLDER [--size HxW]
    python bench/release_speed.py --only published --rival FOLDER/*.onnx

Torch's two exporters, for any size and for the one given, each as it is and after onnxslim and onnxsim; a tool that
fails is named. How far each file is from the definition in torch is printed.
"""

import argparse
import subprocess
import sys
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from paragonsr.errors import ParagonError
from paragonsr.export import checkpoint
from paragonsr.model.published import Published
from paragonsr.runtime.provider import ORT

SIMPLIFIERS = ("onnxslim", "onnxsim")


class Definition(nn.Module):
    """The published network as a module, in float32."""

    def __init__(self, network: Published) -> None:
        super().__init__()
        self.network: Published = _single(network)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)


def _single(part: Any) -> Any:
    """Tuples of tuples of tensors, their float64 as float32."""
    if isinstance(part, Tensor):
        return part.float() if part.is_floating_point() else part
    if isinstance(part, tuple):
        parts = [_single(each) for each in part]
        return type(part)(*parts) if hasattr(part, "_fields") else tuple(parts)
    return [_single(each) for each in part] if isinstance(part, list) else part


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="320x480", help="height x width of the files of one size (default 320x480)")
    options = parser.parse_args()
    adopted = checkpoint.adopt(options.checkpoint)
    if adopted is None:
        raise ParagonError(f"{options.checkpoint} is no published checkpoint")
    options.folder.mkdir(parents=True, exist_ok=True)
    module, picture = Definition(adopted.network).eval(), torch.rand(1, 3, *map(int, options.size.split("x")))
    free = {0: "batch", 2: "height", 3: "width"}
    for modern, fixed in product((False, True), repeat=2):
        file = options.folder / f"{'dynamo' if modern else 'torchscript'}_{'fixed' if fixed else 'free'}.onnx"
        if modern:
            how = {"dynamic_shapes": None if fixed else (free,), "opset_version": 18}
        else:
            how = {"dynamic_axes": None if fixed else {"input": free, "output": free}, "opset_version": 17}
        names = {"input_names": ["input"], "output_names": ["output"]}
        torch.onnx.export(module, (picture,), file, dynamo=modern, external_data=False, **names, **how)
        for tool in SIMPLIFIERS:
            simpler = file.with_stem(f"{file.stem}_{tool}")
            with suppress(FileNotFoundError):
                subprocess.run([Path(sys.executable).with_name(tool), file, simpler], capture_output=True, check=False)
            print(simpler.name if simpler.exists() else f"{tool} fails on {file.name}, or is not here")
    with torch.inference_mode():
        expected = module(picture).numpy()
    for file in sorted(options.folder.glob("*.onnx")):
        made = ORT.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, {"input": picture.numpy()})[0]
        print(f"{file.name}: at most {np.abs(made - expected).max():.1g} apart")


if __name__ == "__main__":
    main()
