import copy

import torch
from torch import nn

from paragonsr.train import ema


class Mixed(nn.Module):
    """A parameter, a floating buffer, an integer and a boolean one."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4))
        self.norm = nn.BatchNorm2d(2)
        self.register_buffer("kernel", torch.randn(5))
        self.register_buffer("flag", torch.tensor(False))


def test_every_tensor_is_the_average_computed_by_hand() -> None:
    torch.manual_seed(0)
    network = Mixed()
    average = copy.deepcopy(network)
    expected = {name: tensor.double() for name, tensor in network.state_dict().items()}
    assert {"norm.running_mean", "norm.num_batches_tracked", "kernel", "flag"} < expected.keys()
    for step in range(40):
        for tensor in network.state_dict().values():
            if tensor.is_floating_point():
                tensor.normal_()
        network.norm.num_batches_tracked += 3
        network.flag.fill_(step % 2 == 0)
        decay = min(0.7, (1 + step) / (10 + step))
        for name, tensor in network.state_dict().items():
            floating = tensor.is_floating_point()
            expected[name] = decay * expected[name] + (1 - decay) * tensor.double() if floating else tensor.double()
        ema.update(average, network, 0.7, step)
    for name, tensor in average.state_dict().items():
        torch.testing.assert_close(tensor.double(), expected[name], rtol=0, atol=1e-6, msg=name)
    assert average.norm.num_batches_tracked == 120


def test_the_network_is_not_touched_and_no_gradient_is_kept() -> None:
    network = nn.Linear(2, 2)
    average, before = nn.Linear(2, 2), copy.deepcopy(network.state_dict())
    ema.update(average, network, 0.9, 100)
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert average.weight.is_leaf
    assert average.weight.grad_fn is None
