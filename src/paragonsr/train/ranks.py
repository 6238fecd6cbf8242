"""Several processes at one training, as `torchrun` starts them: each takes its share of every batch."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn


class Ranks(NamedTuple):
    """Which of how many processes this one is; the first alone writes."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes the run's files."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all have come here."""
        if self.count > 1:
            dist.barrier()

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """The first goes through the block before the others: what it leaves on disk is there for them."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def average(self, tensors: Iterable[Tensor]) -> None:
        """Replace each tensor by its mean over the processes, in one message."""
        listed = list(tensors)
        if self.count == 1 or not listed:
            return
        flat = torch.cat([tensor.flatten() for tensor in listed])
        dist.all_reduce(flat)
        flat /= self.count
        for tensor, part in zip(listed, flat.split([tensor.numel() for tensor in listed]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def average_gradients(self, network: nn.Module) -> None:
        """Make every process's gradients those of the whole batch."""
        self.average(parameter.grad for parameter in network.parameters() if parameter.grad is not None)


def local(device: str) -> str:
    """The device of this process: its own GPU where `torchrun` says which process of the machine it is."""
    place = os.environ.get("LOCAL_RANK")
    return f"cuda:{place}" if device == "cuda" and place else device


@contextmanager
def group(device: torch.device) -> Iterator[Ranks]:
    """The processes `torchrun` started, joined while inside; alone without it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Ranks()
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Ranks(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
