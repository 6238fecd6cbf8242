"""The graph of a published checkpoint in few, quick operators: the same function, at the borders as well.

- The scales of the blocks go into the convolutions before them, and a block's context becomes depthwise convolutions
  of all channels, whose kernels leave alone the channels that are none of their business.
- All after the sharpening is linear: one 5x5 convolution to the four phases stands for the enlargement, the smoothing
  and two convolutions at output size. Those pad with zeros at output size, which no single convolution can do, so the
  outermost two output pixels are computed the long way on strips three input pixels wide.
"""

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor

from paragonsr.export.assembly import Assembly
from paragonsr.model import magic
from paragonsr.model.published import SCALE, SLOPE, Block, Layer, Published

STRIP = 3  # input pixels that the outermost RIM output pixels look at, after the sharpening
RIM = 2
ROWS, COLUMNS = 2, 3


def graph(net: Published, metadata: dict[str, str]) -> onnx.ModelProto:
    """The model: `input [batch,3,height,width]` RGB in [0,1] to `output [batch,3,2 height,2 width]`, float32.

    Operators: Conv, LeakyRelu, Add, DepthToSpace, Slice, Concat. The output is not clipped.
    """
    build = Assembly()
    shallow = x = _layer(build, "conv_in", "input", net.conv_in)
    for number, group in enumerate(net.groups):
        start = x
        for index, part in enumerate(group):
            x = _block(build, f"body.{number}.{index}", x, part)
        x = build.add("Add", f"body.{number}.residual", [x, start])
    x = build.add("Add", "features", [_layer(build, "conv_fuse", x, net.conv_fuse), shallow])
    for name, layer in zip(("sharpen_across", "sharpen_down"), net.sharpen, strict=True):
        x = _layer(build, name, x, layer)
    _framed(build, x, net)
    return build.model(metadata)


def _layer(build: Assembly, name: str, x: str, layer: Layer) -> str:
    return build.convolve(name, x, layer.weight, layer.bias, groups=layer.groups, same=True)


def _block(build: Assembly, name: str, x: str, block: Block) -> str:
    for kind, layer in zip(("square", "across", "down"), _context(block), strict=True):
        x = _layer(build, f"{name}.{kind}", x, layer)
    wide = _layer(build, f"{name}.enter", x, block.enter)
    mixed = _layer(build, f"{name}.kernel", wide, Layer(block.kernel))
    active = build.add("LeakyRelu", f"{name}.lrelu", [mixed], alpha=SLOPE)
    scale = block.transformer_scale
    leave = Layer(block.leave.weight * scale[:, None], _bias(block.leave) * scale.flatten())
    return build.add("Add", f"{name}.out", [_layer(build, f"{name}.leave", active, leave), x])


def _context(block: Block) -> list[Layer]:
    """The block's first half, as depthwise layers one after the other; each changes channels of its own."""
    scale = block.context_scale.flatten()
    layers, end = [], len(scale)
    for layer in (block.down, block.across, block.square):
        first = end - len(layer.weight)
        own = slice(first, end)
        height, width = layer.weight.shape[2:]
        weight = scale.new_zeros(len(scale), 1, height, width)
        bias = torch.zeros_like(scale)
        weight[:, 0, height // 2, width // 2] = 1
        weight[own] += layer.weight * scale[own, None, None, None]
        if layer.bias is not None:
            bias[own] = layer.bias * scale[own]
        layers.insert(0, Layer(weight, bias))
        end = first
    layers[0].weight[:end, 0, 1, 1] += scale[:end]
    return layers


def _framed(build: Assembly, x: str, net: Published) -> str:
    """The output: the tail as one convolution, its rim computed the long way; first rows, then columns."""
    weight, bias = _short_tail(net)
    phases = build.convolve("tail", x, weight, bias, same=True)
    picture = build.add("DepthToSpace", "tail.picture", [phases], blocksize=SCALE, mode="CRD")
    for axis, name in ((ROWS, "rows"), (COLUMNS, "columns")):
        first = _long_tail(build, f"{name}.first", build.cut(f"{name}.first.strip", x, axis, 0, STRIP), net)
        last = _long_tail(build, f"{name}.last", build.cut(f"{name}.last.strip", x, axis, -STRIP), net)
        rest = build.cut(
            f"{name}.last.rest", last, axis, RIM
        )  # empty where there is one row, which the first strip has
        parts = [
            build.cut(f"{name}.first.rim", first, axis, 0, RIM),
            build.cut(f"{name}.middle", picture, axis, RIM, -RIM),
            build.cut(f"{name}.last.rim", rest, axis, -RIM),
        ]
        picture = build.add("Concat", "output" if axis == COLUMNS else f"{name}.framed", parts, axis=axis)
    return picture


def _long_tail(build: Assembly, name: str, x: str, net: Published) -> str:
    """What follows the sharpening, at any border: the smooth doubling to four phases, then two convolutions."""
    across, down = (layer.weight.flatten(1) for layer in net.smooth)
    fold = magic.phases(across.shape[1]).to(across)
    weight = torch.einsum("aik,bjl,ck,cl->cabij", fold, fold, down, across).flatten(0, 2).unsqueeze(1)
    x = build.convolve(f"{name}.double", x, weight, groups=len(across), same=True)
    x = build.add("DepthToSpace", f"{name}.fine", [x], blocksize=SCALE, mode="CRD")
    return _layer(build, f"{name}.conv_out", _layer(build, f"{name}.upsampler", x, net.upsampler), net.conv_out)


def _short_tail(net: Published) -> tuple[Tensor, Tensor]:
    """Weight `[12,C,5,5]` and bias: the same for a picture without borders, to RGB x 4 phases."""
    across, down = (_dense(layer.weight) for layer in net.smooth)
    fine = _after(_after(_after(net.conv_out.weight, net.upsampler.weight), down), across)
    fold = magic.phases(fine.shape[-1]).to(fine)
    weight = torch.einsum("aik,bjl,ockl->oabcij", fold, fold, fine).flatten(0, 2)
    bias = net.conv_out.weight.sum((2, 3)) @ _bias(net.upsampler) + _bias(net.conv_out)
    return weight, bias.repeat_interleave(SCALE * SCALE)


def _bias(layer: Layer) -> Tensor:
    return layer.weight.new_zeros(len(layer.weight)) if layer.bias is None else layer.bias


def _after(second: Tensor, first: Tensor) -> Tensor:
    """The kernel of `second` applied to what `first` makes, both dense: the kernels convolved in full."""
    return F.conv_transpose2d(second, first)


def _dense(weight: Tensor) -> Tensor:
    """A depthwise kernel `[C,1,h,w]` with the zeros between channels written out, `[C,C,h,w]`."""
    return torch.diag_embed(weight[:, 0].movedim(0, -1)).movedim((-2, -1), (0, 1))
