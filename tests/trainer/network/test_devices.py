"""What a network computes on, and that settings of the whole process are put back."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch

from indexer.errors import UsageError
from trainer.network.devices import CPU, choose, repeatable


def test_the_processor_is_always_there_and_computes_in_full() -> None:
    assert choose("cpu") == CPU
    assert choose("cpu").mixed is None
    assert choose("auto").name in ("cpu", "cuda", "mps")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UsageError) as refused:
        choose(name)
    assert str(refused.value) == (
        f"--device {name}: torch finds no such device on this machine; leave --device out to take the best there is"
    )
    assert choose("auto") == CPU


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_repeatable_is_so_for_a_while(wanted: bool) -> None:
    before = torch.are_deterministic_algorithms_enabled()
    with suppress(KeyboardInterrupt), repeatable(wanted):
        assert torch.are_deterministic_algorithms_enabled() is wanted
        raise KeyboardInterrupt
    assert torch.are_deterministic_algorithms_enabled() is before
