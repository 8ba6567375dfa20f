"""One batch shared by several processes, as torchrun starts them: each embeds a part, and all learn from the whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor, distributed, nn

Rows = list[int]
_PATIENCE = timedelta(hours=24)
"""How long a process waits for the others: the first may be measuring."""


class Share:
    """The part of this process in the work of all of them; alone, it is all of the work.

    A contrastive loss of half a batch is another loss than half of the loss of a batch: every photo is compared with
    all others in it. So the processes hand each other their embeddings, and each computes the loss of the whole batch
    (as SimCLR does over its devices, Chen et al., 2020). The gradient that reaches a process's own rows is then exact,
    and the sum of what the processes find for the weights is the gradient of the batch.

    Args:
        rank: which of them this is, from 0.
        processes: how many there are.
    """

    def __init__(self, rank: int = 0, processes: int = 1) -> None:
        self.rank, self.processes = rank, processes

    @property
    def alone(self) -> bool:
        """Whether this is the only process."""
        return self.processes == 1

    @property
    def first(self) -> bool:
        """Whether this is the process that speaks and writes."""
        return self.rank == 0

    def rows(self, count: int) -> range | Rows:
        """Which rows of a batch are this process's. All get as many: where a batch does not divide, its last row is
        taken more than once, and `gathered` drops it again."""
        if self.alone:
            return range(count)
        each = -(-count // self.processes)
        return [min(self.rank * each + row, count - 1) for row in range(each)]

    def gathered(self, part: Tensor, count: int) -> Tensor:
        """The rows [count, d] of all processes, of which ``part`` are those of this one; gradients flow to these."""
        if self.alone:
            return part
        whole: Tensor = _Gathered.apply(part, self)
        return whole[:count]

    def sum_gradients(self, module: nn.Module) -> None:
        """Replace the gradients of what this process embedded by those of the whole batch."""
        self._in_one(distributed.ReduceOp.SUM, [p.grad for p in module.parameters() if p.grad is not None])

    def average_statistics(self, module: nn.Module) -> None:
        """Give all processes the mean of what their batch norms learn, each of which saw a part of the batches."""
        norms = [one for one in module.modules() if isinstance(one, nn.BatchNorm2d) and one.training]
        buffers = [buffer for norm in norms for buffer in norm.buffers() if buffer.is_floating_point()]
        self._in_one(distributed.ReduceOp.SUM, buffers)
        for buffer in buffers if not self.alone else ():
            buffer /= self.processes

    def same_start(self, module: nn.Module) -> None:
        """Give all processes the weights of the first."""
        for tensor in module.state_dict().values() if not self.alone else ():
            distributed.broadcast(tensor, 0)

    @contextmanager
    def first_goes_first(self) -> Iterator[None]:
        """A ``with`` block that the first process goes through before the others: what it keeps, these find."""
        if not self.alone and not self.first:
            distributed.barrier()
        yield
        if not self.alone and self.first:
            distributed.barrier()

    def hand_on(self, made: object) -> None:
        """Give the others what the first process made, for which they wait in `handed_on`."""
        if not self.alone:
            distributed.broadcast_object_list([made], 0)

    def handed_on(self) -> Any:
        """What the first process made."""
        box: list[Any] = [None]
        distributed.broadcast_object_list(box, 0)
        return box[0]

    def any_of(self, wish: bool) -> bool:
        """Whether one of the processes wishes it: all must stop at the same step, or the others wait for ever."""
        if self.alone:
            return wish
        flag = torch.tensor(int(wish), device=_device())
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag)

    def _in_one(self, operation: Any, tensors: list[Tensor]) -> None:
        """Reduce many tensors as one: a message for each would cost more than what is in it."""
        if self.alone or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        distributed.all_reduce(flat, operation)
        for tensor, piece in zip(tensors, torch.split(flat, [tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(piece.view_as(tensor))


class _Gathered(torch.autograd.Function):
    """All processes' rows one after the other; backwards, the gradient of this process's own."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, share: Share) -> Tensor:
        ctx.own = slice(share.rank * len(part), (share.rank + 1) * len(part))
        parts = [torch.empty_like(part) for _ in range(share.processes)]
        distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient[ctx.own], None


ALONE = Share()


def speaks() -> bool:
    """Whether this process is alone, or the first of those that torchrun started: one of them talks to the user."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def joined(kind: str) -> Iterator[Share]:
    """This process's share among those that torchrun started, for the length of a ``with`` block.

    Args:
        kind: what they compute on: ``cuda`` or another.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) <= 1 or "RANK" not in os.environ:
        yield ALONE
        return
    distributed.init_process_group("nccl" if kind == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Share(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def _device() -> torch.device:
    """Where messages lie: NCCL sends from a graphics card only."""
    return torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")
