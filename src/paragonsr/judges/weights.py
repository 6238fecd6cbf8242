"""Published weights, from the assets folder into a network of ours."""

from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from paragonsr.artifacts import assets
from paragonsr.errors import AssetError

Network = TypeVar("Network", bound=nn.Module)


def load(network: Network, file: str, prefix: str = "") -> Network:
    """Fill `network` with the tensors of `weights/<file>` whose names begin with `prefix`, frozen, in eval mode.

    Half precision becomes float32. Raises AssetError when the file is not there, cannot be read or does not fit.
    """
    path = assets.find(f"weights/{file}")
    try:
        tensors = {
            name.removeprefix(prefix): tensor for name, tensor in load_file(path).items() if name.startswith(prefix)
        }
        network.load_state_dict(tensors)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise AssetError(f"{path} does not hold the weights of {type(network).__name__}: {error}") from error
    return freeze(network)


def place(network: Network, device: torch.device | str) -> Network:
    """The network on its device, its filters in the order that convolutions are fastest in."""
    network.to(device=device)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] (missing in torch's stubs)
    return network


def freeze(network: Network) -> Network:
    """The network as a judge: eval mode, no gradients for its parameters; its input may still have one."""
    return network.eval().requires_grad_(False)
