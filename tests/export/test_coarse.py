"""That the gate for bfloat16 lets the shipped model through where a processor has it: emulated, for want of one."""

from pathlib import Path

import torch
from numpy.typing import NDArray

from paragonsr.export import half, subject
from paragonsr.model.fuse import Convolution, Fused
from paragonsr.runtime import proof

CHECKPOINT = Path(__file__).parents[2] / "bench" / "checkpoints" / "fidelity.safetensors"


class BFloat(half.Rounded):
    """Every intermediate rounded to bfloat16."""

    def keep(self, x: torch.Tensor) -> torch.Tensor:
        return x.bfloat16().float()


@torch.no_grad()
def test_the_shipped_network_in_bfloat16_passes() -> None:
    exact = subject.trained(CHECKPOINT, "2xTest", "0").fused
    assert exact is not None
    layers = [Convolution(layer.weight.bfloat16(), layer.bias.bfloat16()) for layer in (*exact.body, exact.tail)]
    coarse = BFloat(Fused(layers[:-1], layers[-1]))

    def run(x: NDArray) -> NDArray:
        return coarse(torch.from_numpy(x)).numpy()

    proof.check_coarse(Path("m"), "openvino-bf16", run, lambda x: exact(torch.from_numpy(x)).detach().numpy())
