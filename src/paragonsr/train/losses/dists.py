"""DISTS as a loss."""

from torch import Tensor, nn

from paragonsr.judges import dists


class Dists(nn.Module):
    """The mean of DISTS over pictures whose features `judges.dists.Dists.features` saw; a scalar, 0 at the target."""

    def __init__(self, judge: dists.Dists) -> None:
        super().__init__()
        self.judge = judge

    def forward(self, output: list[Tensor], target: list[Tensor]) -> Tensor:
        """See the class."""
        return self.judge.compare(output, target).mean()
