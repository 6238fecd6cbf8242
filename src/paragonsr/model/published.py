"""The author's published ParagonSR2 Nano, rebuilt from the numbers of its checkpoints, 2x.

Not the network that is trained here: its definition, for whoever holds such a checkpoint and wants to run it.

    input -- conv_in -- groups of blocks, each group with a residual -- conv_fuse -- + -- sharpen -- each pixel four
               `---------------------------------------------------------------------'     times -- smooth -- upsampler
                                                                                                       -- conv_out --

- A block adds a scaled `context` (some channels as they are, others under a depthwise 3x3, 1x9 or 9x1), then a scaled
  `transformer`: 1x1 to more channels, one depthwise 3x3 kernel a channel, LeakyReLU, 1x1 back.
- That depthwise kernel was predicted anew for each picture while it was trained. A running mean of the predictions lies
  in the file (`tracked_kernel`) and is what was meant for use; both can be computed here.
- Every convolution pads with zeros, so an output pixel sees how far the border is.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

ARCHITECTURE = "paragonsr2-nano"  # the author's; a network trained here never carries it
SCALE = 2
SLOPE = 0.1  # of the activation below zero


class Layer(NamedTuple):
    """A convolution padded with zeros to keep its size: `weight [outputs,inputs/groups,h,w]`, `bias [outputs]`."""

    weight: Tensor
    bias: Tensor | None = None

    @property
    def radius(self) -> int:
        """How far it looks, along the longer axis."""
        return max(self.weight.shape[2:]) // 2

    @property
    def groups(self) -> int:
        """All outputs for a depthwise layer (of one input each), else 1."""
        return self.weight.shape[0] if self.weight.shape[1] == 1 else 1

    def __call__(self, x: Tensor) -> Tensor:
        """`[N,inputs,H,W]` -> `[N,outputs,H,W]`."""
        height, width = self.weight.shape[2:]
        return F.conv2d(x, self.weight, self.bias, padding=(height // 2, width // 2), groups=self.groups)


class Block(NamedTuple):
    """See the file; `square`, `across` and `down` are the depthwise layers of the last channels, in this order."""

    square: Layer
    across: Layer
    down: Layer
    context_scale: Tensor
    enter: Layer
    kernel: Tensor
    averaged: bool
    predictor: tuple[Layer, Layer]
    leave: Layer
    transformer_scale: Tensor

    def context(self, x: Tensor) -> Tensor:
        """`[N,C,H,W]` -> the same shape, unscaled."""
        special = [layer.weight.shape[0] for layer in (self.square, self.across, self.down)]
        same, square, across, down = x.split([x.shape[1] - sum(special), *special], dim=1)
        return torch.cat([same, self.square(square), self.across(across), self.down(down)], dim=1)

    def transformer(self, x: Tensor, *, per_image: bool) -> Tensor:
        """`[N,C,H,W]` -> the same shape, unscaled, with the kernels in the file or those predicted for each picture."""
        wide = self.enter(x)
        kernel = self.predict(wide) if per_image else self.kernel.expand(len(x), *self.kernel.shape)
        alone = wide.reshape(1, -1, *wide.shape[2:])  # each picture with kernels of its own: groups of one batch
        mixed = Layer(kernel.reshape(-1, *self.kernel.shape[1:]))(alone).view_as(wide)
        return self.leave(F.leaky_relu(mixed, SLOPE))

    def predict(self, wide: Tensor) -> Tensor:
        """`[N,D,H,W]` -> kernels `[N,D,1,3,3]`."""
        first, second = self.predictor
        return second(F.relu(first(wide.mean((2, 3), keepdim=True)))).view(len(wide), *self.kernel.shape)

    def __call__(self, x: Tensor, *, per_image: bool) -> Tensor:
        """`[N,C,H,W]` -> the same shape."""
        x = x + self.context_scale * self.context(x)
        return x + self.transformer_scale * self.transformer(x, per_image=per_image)

    @property
    def radius(self) -> int:
        """How far it looks."""
        return max(layer.radius for layer in (self.square, self.across, self.down)) + self.kernel.shape[-1] // 2


class Published(NamedTuple):
    """The network of a published checkpoint, in the dtype of its numbers."""

    conv_in: Layer
    groups: list[list[Block]]
    conv_fuse: Layer
    sharpen: tuple[Layer, Layer]
    smooth: tuple[Layer, Layer]
    upsampler: Layer
    conv_out: Layer

    @property
    def blocks(self) -> list[Block]:
        """All blocks in order."""
        return [block for group in self.groups for block in group]

    @property
    def averaged(self) -> bool:
        """Whether every kernel in the file is a mean of predictions, as the file itself says."""
        return all(block.averaged for block in self.blocks)

    @property
    def parameters(self) -> int:
        """Learned numbers that its use takes, the kernels in the file among them."""
        layers = [self.conv_in, self.conv_fuse, self.upsampler, self.conv_out]
        numbers = [tensor for layer in layers for tensor in layer]
        for block in self.blocks:
            inner = (block.square, block.across, block.down, block.enter, block.leave)
            numbers += [
                block.context_scale,
                block.kernel,
                block.transformer_scale,
                *(t for layer in inner for t in layer),
            ]
        return sum(tensor.numel() for tensor in numbers if tensor is not None)

    @property
    def radius(self) -> int:
        """How far, in input pixels, an output pixel looks (with the kernels in the file)."""
        before = self.conv_in.radius + sum(block.radius for block in self.blocks) + self.conv_fuse.radius
        fine = self.smooth[0].radius + self.upsampler.radius + self.conv_out.radius
        return before + self.sharpen[0].radius + (fine + 1) // SCALE

    def features(self, x: Tensor, *, per_image: bool = False) -> Tensor:
        """`[N,3,H,W]` -> `[N,C,H,W]`: all that happens before the sharpening."""
        shallow = y = self.conv_in(x)
        for group in self.groups:
            start = y
            for block in group:
                y = block(y, per_image=per_image)
            y = y + start
        return self.conv_fuse(y) + shallow

    def __call__(self, x: Tensor, *, per_image: bool = False) -> Tensor:
        """`[N,3,H,W]` RGB in [0,1] -> `[N,3,2H,2W]`, not clipped."""
        y = self.features(x, per_image=per_image)
        for layer in self.sharpen:
            y = layer(y)
        y = F.interpolate(y, scale_factor=float(SCALE), mode="nearest")
        for layer in (*self.smooth, self.upsampler, self.conv_out):
            y = layer(y)
        return y


def recognises(names: Collection[str]) -> bool:
    """Whether these are the state-dict names of a published checkpoint."""
    return {"conv_in.weight", "conv_fuse.weight", "magic_upsampler.sharpen.conv_h.weight", "conv_out.weight"} <= {
        *names
    }


def build(tensors: Mapping[str, Tensor], dtype: torch.dtype = torch.float32) -> Published:
    """The network of a published state dict, with the kernels in `tracked_kernel` whatever `tracked_initialized` says.

    Raises ValueError for names or sizes that make no such network.
    """
    source = _Source(tensors, dtype)
    try:
        found = source.network()
        found(torch.zeros(1, 3, 1, 1, dtype=dtype), per_image=True)  # whether the sizes fit each other
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"is no complete ParagonSR2 Nano: {error}") from error
    if unknown := sorted(source.names - source.used):
        raise ValueError(f"is no ParagonSR2 Nano: {len(unknown)} tensors are unknown, the first is {unknown[0]}")
    return found


class _Source:
    """Tensors by their published names; remembers which were taken."""

    def __init__(self, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> None:
        self.tensors, self.dtype = tensors, dtype
        self.names, self.used = set(tensors), set[str]()

    def network(self) -> Published:
        groups = [
            [self.block(f"body.{group}.blocks.{index}.") for index in range(self.count(f"body.{group}.blocks."))]
            for group in range(self.count("body."))
        ]
        sharpen, smooth = (
            (self.layer(f"magic_upsampler.{part}.conv_h"), self.layer(f"magic_upsampler.{part}.conv_v"))
            for part in ("sharpen", "resample_conv")
        )
        first, fuse, upsampler, last = (self.layer(name) for name in ("conv_in", "conv_fuse", "upsampler", "conv_out"))
        return Published(first, groups, fuse, sharpen, smooth, upsampler, last)

    def take(self, name: str) -> Tensor:
        self.used.add(name)
        return self.tensors[name].to(self.dtype)

    def count(self, prefix: str) -> int:
        return len({name[len(prefix) :].split(".")[0] for name in self.names if name.startswith(prefix)})

    def layer(self, name: str) -> Layer:
        bias = f"{name}.bias"
        return Layer(self.take(f"{name}.weight"), self.take(bias) if bias in self.names else None)

    def block(self, prefix: str) -> Block:
        square, across, down = (self.layer(f"{prefix}context.dwconv_{kind}") for kind in ("hw", "w", "h"))
        inner = f"{prefix}transformer."
        self.used.add(f"{inner}identity_kernel")  # what stood in before the first mean
        return Block(
            square,
            across,
            down,
            self.take(f"{prefix}ls1.gamma").view(-1, 1, 1),
            self.layer(f"{inner}project_in"),
            self.take(f"{inner}tracked_kernel"),
            bool(self.take(f"{inner}tracked_initialized")),
            (self.layer(f"{inner}kernel_generator.predictor.1"), self.layer(f"{inner}kernel_generator.predictor.3")),
            self.layer(f"{inner}project_out"),
            self.take(f"{prefix}ls2.gamma").view(-1, 1, 1),
        )
