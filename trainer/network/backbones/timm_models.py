"""Networks of timm: hundreds of them, with their own pixels, sizes and stages (extra ``backbones``)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from indexer.errors import MissingExtra, UsageError
from trainer.network.backbones.architecture import Architecture, State, Trunk
from trainer.network.backbones.names import TIMM, Stages, unknown

_LEAST_STRIDE = 8
"""Stages of a convolutional network count from this stride on: what comes before sees edges and colours."""


class IntermediateTrunk(Trunk):
    """The stages of a network as timm gives them, and of a transformer what it sums a photo up by, too.

    Args:
        model: a network without its classifier that has timm's ``forward_intermediates``.
        indices: of the stages that are kept.
        summary: the pooled output stands beside them: a class token, or what attends to all patches.
    """

    def __init__(self, model: Any, indices: Sequence[int], *, summary: bool) -> None:
        super().__init__()
        self.summary = summary
        self.indices = list(indices)
        if not summary:
            self.indices = list(model.prune_intermediate_layers(self.indices, prune_norm=False, prune_head=True))
        self.model = model
        self.maps = (True,) * len(self.indices) + (False,) * summary

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """See `Trunk.forward`."""
        asked = {"indices": self.indices, "output_fmt": "NCHW", "norm": self.summary}
        if not self.summary:
            return list(self.model.forward_intermediates(pixels, stop_early=True, intermediates_only=True, **asked))
        last, stages = self.model.forward_intermediates(pixels, **asked)
        return [*stages, self.model.forward_head(last, pre_logits=True)]


class LastTrunk(Trunk):
    """The last map of a convolutional network."""

    maps = (True,)

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """See `Trunk.forward`."""
        return [self.model.forward_features(pixels)]


class TimmModel(Architecture):
    """A network of timm.

    Args:
        name: ``timm/`` and a name of timm's, with or without the tag of its weights after a dot.
        size: side of the pixels in; None for the network's own.

    Raises:
        MissingExtra: timm is not installed.
        UsageError: the name is not known, or the network is none that photos can go through in stages.
    """

    model: Any

    def __init__(self, name: str, size: int | None) -> None:
        timm = _timm()
        plain = name.removeprefix(TIMM)
        base = plain.partition(".")[0]
        if base not in timm.list_models():
            raise unknown(name, [f"{TIMM}{known}" for known in timm.list_models()])
        if "." in plain and plain not in timm.list_pretrained(f"{base}.*"):
            tags = ", ".join(f"{TIMM}{known}" for known in timm.list_pretrained(f"{base}.*")[:4])
            raise UsageError(f"backbone {name} has no weights of that name{f'; there are {tags}' if tags else ''}")
        configured = timm.get_pretrained_cfg(plain)
        sized = {"img_size": size} if size and configured and configured.fixed_input_size else {}
        try:
            self.model = timm.create_model(plain, pretrained=False, num_classes=0, **sized)
        except (AssertionError, TypeError, ValueError) as error:
            raise UsageError(f"backbone {name} cannot be built for size {size}; leave --size out") from error
        self.name, self.size = name, size
        record = self.model.pretrained_cfg
        self.mean, self.std = tuple(record["mean"]), tuple(record["std"])
        self.side = int(record["input_size"][-1])
        self.hub = record.get("hf_hub_id"), record.get("hf_hub_filename") or "model.safetensors"
        classifier = record.get("classifier") or ()
        self.classifier = tuple(f"{one}." for one in ([classifier] if isinstance(classifier, str) else classifier))
        self._entry = timm.models.model_entrypoint(base).__module__
        if not hasattr(self.model, "forward_intermediates"):
            raise UsageError(f"backbone {name} does not tell its stages; choose another")

    def fitted(self, state: Mapping[str, Tensor]) -> State:
        """See `Architecture.fitted`: by what timm itself passes a file of this network through."""
        given = {key: value for key, value in state.items() if not key.startswith(self.classifier)}
        if set(given) == set(self.needed()) and all(given[k].shape == v.shape for k, v in self.needed().items()):
            return given
        through: Callable[..., Any] | None = getattr(sys.modules[self._entry], "checkpoint_filter_fn", None)
        return dict(through(given, self.model)) if through else given

    def trunk(self, stages: Stages) -> Trunk:
        """See `Architecture.trunk`.

        Of a transformer with patches of one size, several stages are its blocks at a half, three quarters and the end;
        of other networks all stages from stride 8 on.
        """
        model, steps = self.model, list(self.model.feature_info)
        depth = len(steps)
        if hasattr(model, "num_prefix_tokens"):
            kept = [depth - 1] if stages == "last" else [depth // 2 - 1, 3 * depth // 4 - 1, depth - 1]
            return IntermediateTrunk(model, kept, summary=True)
        if stages == "last":
            return (
                LastTrunk(model) if _is_channels_first(model) else IntermediateTrunk(model, [depth - 1], summary=False)
            )
        kept = [number for number, step in enumerate(steps) if step["reduction"] >= _LEAST_STRIDE]
        return IntermediateTrunk(model, kept, summary=False)


def _timm() -> Any:
    try:
        import timm  # takes seconds, and most never need it
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "timm", "backbones") from error
    return timm


def _is_channels_first(model: nn.Module) -> bool:
    return getattr(model, "output_fmt", "NCHW") in ("NCHW", None)
