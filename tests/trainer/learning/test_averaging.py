"""The running mean of weights, and weights on the line between two networks."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch
from torch import nn

from trainer.learning.averaging import RunningMean, best_between, best_share, between, copied


def test_the_running_mean_is_that_of_the_formula() -> None:
    module = nn.Linear(1, 1, bias=False)
    weights = [4.0, 1.0, -2.0]
    with torch.no_grad():
        module.weight.fill_(8.0)
        mean = RunningMean(module, 0.75)
        for weight in weights:
            module.weight.fill_(weight)
            mean.update()
    expected = 8.0
    for weight in weights:
        expected = 0.75 * expected + 0.25 * weight
    assert float(mean.state["weight"]) == pytest.approx(expected)
    assert float(module.weight.detach()) == -2.0
    with suppress(KeyboardInterrupt), mean.in_place():
        assert float(module.weight.detach()) == pytest.approx(expected)
        raise KeyboardInterrupt
    assert float(module.weight.detach()) == -2.0


def test_a_count_has_no_mean() -> None:
    norm = nn.BatchNorm2d(2)
    mean = RunningMean(norm, 0.5)
    norm(torch.randn(4, 2, 3, 3))
    mean.update()
    assert int(mean.state["num_batches_tracked"]) == 1
    assert torch.allclose(mean.state["running_mean"], norm.running_mean / 2)  # type: ignore[operator]


def test_between_two_networks_lies_a_line() -> None:
    before = {"weight": torch.tensor([0.0, 4.0]), "count": torch.tensor(1)}
    after = {"weight": torch.tensor([2.0, 0.0]), "count": torch.tensor(9)}
    quarter = between(before, after, 0.25)
    assert quarter["weight"].tolist() == [0.5, 3.0]
    assert int(quarter["count"]) == 9
    assert torch.equal(between(before, after, 0.0)["weight"], before["weight"])
    assert torch.equal(between(before, after, 1.0)["weight"], after["weight"])


@pytest.mark.parametrize(("peak", "chosen"), [(0.0, 0.0), (0.3, 0.25), (0.7, 0.75), (2.0, 1.0)])
def test_the_best_of_the_line_is_kept(peak: float, chosen: float) -> None:
    module = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(0.0)
        before = copied(module.state_dict())
        module.weight.fill_(1.0)
    judged = []

    def judge() -> float:
        judged.append(float(module.weight.detach()))
        return -abs(judged[-1] - peak)

    scores = best_between(module, before, judge, {0.0: -peak, 1.0: -abs(1 - peak)})
    assert judged == [0.25, 0.5, 0.75]  # the ends are known
    assert list(scores) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert best_share(scores) == chosen
    assert float(module.weight.detach()) == chosen


def test_of_equal_ones_the_least_change_is_taken() -> None:
    assert best_share({1.0: 0.5, 0.5: 0.5, 0.0: 0.4}) == 0.5
