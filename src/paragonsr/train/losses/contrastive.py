"""A contrastive loss in an embedding space: nearer to the target than to what the output must not be."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paragonsr.train.losses.features import wide


class Contrastive(nn.Module):
    """InfoNCE (van den Oord et al. 2018) of `[N,E]` embeddings, with the target as positive and `negatives` `[K,N,E]`.

    Plain InfoNCE is not smallest at the target: it pays to move on, away from the negatives. So the similarity to a
    negative counts only as far as it exceeds the target's own, and the target's own loss is taken off: at least 0,
    and 0 where the output's embedding points where the target's does. A scalar in float32 at least.
    """

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, output: Tensor, target: Tensor, negatives: Tensor) -> Tensor:
        """See the class."""
        o, t, n = (F.normalize(wide(x), dim=-1) for x in (output, target, negatives))
        own = (t * n).sum(-1)
        near, far = (o * t).sum(-1), torch.maximum((o * n).sum(-1), own)
        loss = F.softplus(torch.logsumexp((far - near) / self.temperature, 0))
        least = F.softplus(torch.logsumexp((own - 1) / self.temperature, 0))
        return (loss - least).mean()
