"""Weights between weights: a running mean of them while a network learns, and a line from before to after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import torch
from torch import Tensor, nn

State = dict[str, Tensor]

STEPS = (0.25, 0.5, 0.75)
"""Shares of what was learnt between none of it and all of it, at which a network is judged."""


def copied(state: Mapping[str, Tensor]) -> State:
    """A state dict that later steps do not change."""
    return {name: tensor.detach().clone() for name, tensor in state.items()}


class RunningMean:
    """An exponential moving average of a module's weights: one step's noise less (Polyak and Juditsky, 1992).

    Args:
        module: what learns; the mean begins with its weights as they are.
        keep: share of the mean that stays at each step.
    """

    def __init__(self, module: nn.Module, keep: float) -> None:
        self._module, self._keep = module, keep
        self.state = copied(module.state_dict())

    @torch.no_grad()
    def update(self) -> None:
        """Move the mean towards the weights as they are now; what is no weight (a count) is taken as it is."""
        for name, tensor in self._module.state_dict().items():
            if tensor.is_floating_point():
                self.state[name].lerp_(tensor, 1 - self._keep)
            else:
                self.state[name].copy_(tensor)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a mean that was kept."""
        for name, tensor in state.items():
            self.state[name].copy_(tensor)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The module with the mean for its weights, for the length of a ``with`` block."""
        own = copied(self._module.state_dict())
        self._module.load_state_dict(self.state)
        try:
            yield
        finally:
            self._module.load_state_dict(own)


def between(before: Mapping[str, Tensor], after: Mapping[str, Tensor], share: float) -> State:
    """Weights on the line from ``before`` (share 0) to ``after`` (share 1); what is no weight is that of ``after``."""
    return {
        name: torch.lerp(before[name], tensor, share) if tensor.is_floating_point() else tensor
        for name, tensor in after.items()
    }


@torch.no_grad()
def best_between(
    module: nn.Module,
    before: Mapping[str, Tensor],
    judge: Callable[[], float],
    scores: Mapping[float, float] = MappingProxyType({}),
) -> dict[float, float]:
    """Give a module the weights that validation likes best on the line from before its fine-tuning to after it.

    A fine-tuned network has learnt what its photos show and forgotten some of what it knew; on the line between lie
    networks that are better than both (WiSE-FT, Wortsman et al., *Robust fine-tuning of zero-shot models*, 2022).

    Args:
        module: with its weights after fine-tuning; gets the best.
        before: its state dict before.
        judge: the score of the module as it is, higher is better.
        scores: what is known already, if anything, of the ends, by share: 0 is before, 1 is after.

    Returns:
        The scores by share. Of equal ones the smallest share is taken: the least change.
    """
    after = copied(module.state_dict())
    found = dict(scores)
    for share in (0.0, *STEPS, 1.0):
        if share not in found:
            module.load_state_dict(between(before, after, share))
            found[share] = judge()
    module.load_state_dict(between(before, after, best_share(found)))
    return dict(sorted(found.items()))


def best_share(scores: Mapping[float, float]) -> float:
    """The share with the best score, of equal ones the smallest."""
    return min(scores, key=lambda share: (-scores[share], share))
