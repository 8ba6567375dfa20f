"""Whether weights are those of a network: by their names, or by their order where another library named them."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from indexer.errors import ModelError

State = Mapping[str, Tensor]

_COUNTER = "num_batches_tracked"  # of batch norm: old files lack it, and nothing here reads it


def matched(
    needed: State, given: State, *, classifier: tuple[str, ...], origin: str, backbone: str
) -> dict[str, Tensor]:
    """Of ``given`` the tensors that a network needs, under its own names.

    A file may have a classifier of any size or none: it is not needed. The same network has other names in another
    library; its tensors then stand in the same order, with the same shapes and last names (weight, running_mean …),
    all of which is asked for.

    Args:
        needed: what the network has without its classifier.
        given: what the file has.
        classifier: what the names of a classifier's tensors begin with.
        origin: the file, for the message.
        backbone: the network, for the message.

    Raises:
        ModelError: these are weights of another network.
    """
    wanted = {name: value for name, value in needed.items() if not name.endswith(_COUNTER)}
    offered = {name: value for name, value in given.items() if not name.endswith(_COUNTER)}
    body = {name: value for name, value in offered.items() if not name.startswith(classifier)}
    if body.keys() == wanted.keys() and all(body[name].shape == value.shape for name, value in wanted.items()):
        return body
    by_order = list(body.items())[: len(wanted)]
    if (
        len(by_order) == len(wanted)
        and _is_a_classifier(list(body.items())[len(wanted) :])
        and all(_alike(ours, theirs) for ours, theirs in zip(wanted.items(), by_order, strict=True))
    ):
        return {name: value for name, (_, value) in zip(wanted, by_order, strict=True)}
    raise refused_as(wanted, body, origin, backbone)


def refused_as(wanted: State, given: State, origin: str, backbone: str) -> ModelError:
    """What to say of weights that are those of another network."""
    missing = [name for name in wanted if name not in given]
    foreign = [name for name in given if name not in wanted]
    shaped = [name for name, value in given.items() if name in wanted and value.shape != wanted[name].shape]
    return ModelError(
        f"{origin}: these are not weights of {backbone} ({len(missing)} names missing, {len(foreign)} unknown, "
        f"{len(shaped)} of another shape, first: {(missing + foreign + shaped)[0]}); "
        "choose the matching backbone or another file"
    )


def _alike(ours: tuple[str, Tensor], theirs: tuple[str, Tensor]) -> bool:
    return ours[1].shape == theirs[1].shape and ours[0].rsplit(".", 1)[-1] == theirs[0].rsplit(".", 1)[-1]


def _is_a_classifier(rest: list[tuple[str, Tensor]]) -> bool:
    """Whether these, the last tensors of a file, can be a linear layer, or nothing."""
    return [value.ndim for _, value in rest] in ([], [2, 1])
