"""EfficientNet-Lite2 (Tan and Le 2019, without squeeze-excite): a modern feature space that is Apache-2.0.

The key names are those of the public PyTorch conversion, `_blocks.N._depthwise_conv.weight` for instance.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.judges import weights
from paragonsr.judges.look import Look

WEIGHTS = "efficientnet_lite2_imagenet.fp16.safetensors"
GROUPS = (  # blocks, kernel, stride of the first, expansion, channels
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
STEM, HEAD, CLASSES = 32, 1280, 1000
ENDS = (0, 3, 6, 14, 20)  # the last block of each stage: strides 2, 4, 8, 16 and 32


class Block(nn.Module):
    """An inverted residual: 1x1 to more channels, depthwise, 1x1 back, plus the input where the sizes allow."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(inputs, width, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(width, eps=1e-3)
        self._depthwise_conv = nn.Conv2d(width, width, kernel, stride, groups=width, bias=False)
        self._bn1 = nn.BatchNorm2d(width, eps=1e-3)
        self._project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(outputs, eps=1e-3)
        self.expands, self.residual = expansion > 1, inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """`[N,inputs,H,W]` -> `[N,outputs,H/stride,W/stride]`, rounded up."""
        y = F.relu6(_convolve(self._expand_conv, self._bn0, x)) if self.expands else x
        y = F.relu6(_convolve(self._depthwise_conv, self._bn1, y))
        y = _convolve(self._project_conv, self._bn2, y)
        return x + y if self.residual else y


class EfficientNetLite2(nn.Module):
    """The ImageNet classifier."""

    depths = len(ENDS)
    embeds = True

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, STEM, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(STEM, eps=1e-3)
        blocks: list[Block] = []
        inputs = STEM
        for count, kernel, stride, expansion, width in GROUPS:
            for index in range(count):
                blocks.append(Block(inputs, width, kernel, stride if index == 0 else 1, expansion))
                inputs = width
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(inputs, HEAD, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(HEAD, eps=1e-3)
        self._fc = nn.Linear(HEAD, CLASSES)

    def forward(self, x: Tensor, depth: int = len(ENDS), *, embed: bool = False) -> Look:
        """The block outputs at strides 2, 4, 8, 16 and 32 of pictures in [0,1]; the embedding is the mean head."""
        x = F.relu6(_convolve(self._conv_stem, self._bn0, (255 * x - 127) / 128))
        ends, stages = ENDS[: len(ENDS) if embed else depth], []
        for index, block in enumerate(self._blocks[: ends[-1] + 1] if ends else []):
            x = block(x)
            if index in ends:
                stages.append(x)
        return Look(stages[:depth], self.embed(x) if embed else None)

    def embed(self, x: Tensor) -> Tensor:
        """`[N,1280]` of the deepest stage."""
        return F.relu6(_convolve(self._conv_head, self._bn1, x)).mean((2, 3))

    def classify(self, x: Tensor) -> Tensor:
        """The 1000 logits of pictures in [0,1], 260 pixels square as trained."""
        embedding = self(x, 0, embed=True).embedding
        return self._fc(embedding)


def _convolve(convolution: nn.Conv2d, norm: nn.Module, x: Tensor) -> Tensor:
    """The convolution with TensorFlow's "SAME" padding, then the normalisation."""
    kernel, stride = convolution.kernel_size[0], convolution.stride[0]
    padding: int = kernel // 2
    if stride > 1:
        rims = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in (x.shape[3], x.shape[2])]
        x, padding = F.pad(x, [part for rim in rims for part in (rim // 2, rim - rim // 2)]), 0
    return norm(F.conv2d(x, convolution.weight, convolution.bias, stride, padding, groups=convolution.groups))


@torch.no_grad()
def fold(network: nn.Module) -> None:
    """Put every normalisation of eval mode into the convolution before it, in place: the same function, faster."""
    for module in network.modules():
        parts = dict(module.named_children())
        order = [part for part in parts.values() if isinstance(part, nn.Conv2d | nn.BatchNorm2d)]
        names = {part: name for name, part in parts.items()}
        for convolution, norm in zip(order[::2], order[1::2], strict=True):
            assert isinstance(convolution, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            gain = norm.weight / (norm.running_var + norm.eps).sqrt()
            convolution.weight *= gain[:, None, None, None]
            bias = nn.Parameter(norm.bias - norm.running_mean * gain, requires_grad=False)
            convolution.register_parameter("bias", bias)
            setattr(module, names[norm], nn.Identity())


def load() -> EfficientNetLite2:
    """With the published ImageNet weights, folded. Raises AssetError when they cannot be had."""
    network = weights.load(EfficientNetLite2(), WEIGHTS)
    fold(network)
    return network
