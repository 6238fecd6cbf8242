"""That the gate for bfloat16 lets the shipped models through where a processor has it: emulated, for want of one."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from paragonsr.export import subject
from paragonsr.runtime import proof

CHECKPOINTS = Path(__file__).parents[2] / "bench" / "checkpoints"


@pytest.mark.parametrize("name", ["fidelity", "perceptual"])
@torch.no_grad()
def test_a_shipped_network_with_its_body_in_bfloat16_passes(name: str) -> None:
    fused = subject.trained(CHECKPOINTS / f"{name}.safetensors", "2xTest", "0").fused
    assert fused is not None

    def run(x: NDArray, dtype: torch.dtype | None) -> NDArray:
        return fused.inner(F.pad(torch.from_numpy(x), (fused.radius,) * 4, mode="replicate"), dtype).numpy()

    proof.check_coarse(Path("m"), "openvino-bf16", lambda x: run(x, torch.bfloat16), lambda x: run(x, None))
