"""Which objectives, miners and samplers go together, from Python and from the command line."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from indexer.errors import UsageError
from trainer.choices import MINERS, OBJECTIVES, OFFLINE, RECIPES, SAMPLERS
from trainer.cli.main import main
from trainer.learning.objectives.building import build_objective
from trainer.settings import FitSettings


def parts(**chosen: Any) -> tuple[str, str, str]:
    made = FitSettings.for_run(**chosen)
    return made.objective, made.miner, made.sampler


def test_a_recipe_is_a_preset() -> None:
    assert parts(recipe="two-part") == parts(recipe="two-level") == ("two-level", "all", "balanced")
    assert parts(recipe="classic") == ("triplet", "offline-random", "random")
    assert FitSettings.for_run("classic").margin == 1.0
    assert FitSettings.for_run("two-level").margin is None


def test_what_is_given_overrides_and_the_rest_becomes_what_goes_with_it() -> None:
    assert parts(objective="triplet") == ("triplet", "semi-hard", "balanced")
    assert parts(objective="triplet", miner="offline-hard") == ("triplet", "offline-hard", "random")
    assert parts(objective="multi-similarity") == ("multi-similarity", "multi-similarity", "balanced")
    assert parts(sampler="pk") == ("two-level", "all", "pk")
    assert parts(recipe="classic", miner="offline-semi-hard") == ("triplet", "offline-semi-hard", "random")
    assert parts(recipe="classic", objective="supcon") == ("supcon", "all", "random")
    assert FitSettings.for_run("classic", objective="triplet", miner="hard").margin == 1.0
    assert FitSettings.for_run("two-level", objective="triplet").margin == 0.2
    assert FitSettings.for_run(objective="arcface", temperature=0.05).temperature == 0.05


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_can_be_made_with_all_that_goes_with_it(name: str) -> None:
    for miner in OBJECTIVES[name].miners:
        for sampler in SAMPLERS:
            if miner in OFFLINE and sampler != "random":
                with pytest.raises(
                    UsageError, match=f"sampler {sampler} does not go with miner {miner}; choose random"
                ):
                    FitSettings.for_run(objective=name, miner=miner, sampler=sampler)
            else:
                settings = FitSettings.for_run(objective=name, miner=miner, sampler=sampler)
                assert FitSettings(**settings.record()) == settings
                build_objective(settings, 3, 8)
    for miner in set(MINERS) - set(OBJECTIVES[name].miners):
        with pytest.raises(UsageError, match=f"miner {miner} does not go with objective {name}; choose "):
            FitSettings.for_run(objective=name, miner=miner)


def test_the_same_seed_gives_the_same_proxies() -> None:
    import torch

    first, again, other = (
        next(build_objective(FitSettings.for_run(objective="arcface", seed=seed), 3, 8).parameters())
        for seed in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"objective": "hinge"}, "objective is the text 'hinge', which is not known; choose one of two-level, "),
    ({"miner": "gold"}, "miner is the text 'gold'"),
    ({"sampler": "all"}, "sampler is the text 'all'"),
    ({"objective": "triplet", "margin": math.nan}, "margin is nan"),
    ({"objective": "triplet", "margin": 0.0}, "margin 0.0 is out of range for objective triplet"),
    ({"objective": "triplet", "margin": 2.5}, "above 0, 2 at most"),
    ({"objective": "arcface", "margin": 28.6}, "above 0, 1.571 at most"),
    ({"objective": "supcon", "margin": 0.2}, "objective supcon takes no margin; leave it out, or choose triplet, "),
    ({"objective": "supcon", "temperature": 0.0}, "temperature 0.0 is out of range for objective supcon"),
    ({"objective": "supcon", "temperature": -1.0}, "temperature -1.0 is out of range"),
    ({"objective": "n-pair", "temperature": math.inf}, "temperature is inf"),
    ({"objective": "triplet", "temperature": 0.1}, "objective triplet takes no temperature"),
    ({"temperature": 0.1}, "objective two-level takes no temperature"),
    ({"category_temperature": 0.0}, "category_temperature is 0.0; give a number above 0"),
    ({"instance_temperature": 11.0}, "instance_temperature is 11.0"),
    ({"instance_weight": -1.0}, "instance_weight is -1.0"),
    ({"recipe": "classic", "objective": "two-level"}, "objective two-level learns from views of a photo"),
    ({"recipe": "classic", "objective": "nt-xent"}, "choose another recipe"),
    ({"recipe": "classic", "sampler": "pk"}, "sampler pk does not go with miner offline-random; choose random"),
]


@pytest.mark.parametrize(("chosen", "message"), WRONG)
def test_wrong_from_python(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        FitSettings.for_run(**chosen)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


OPTIONS = ("recipe", "objective", "miner", "sampler", "margin", "temperature")


@pytest.mark.parametrize(("chosen", "message"), [row for row in WRONG if set(row[0]) <= set(OPTIONS)])
def test_wrong_from_the_command_line(chosen: dict[str, Any], message: str, tmp_path: Path) -> None:
    arguments = [text for name, value in chosen.items() for text in (f"--{name}", str(value))]
    result = CliRunner().invoke(main, ["fit", str(tmp_path), "-o", str(tmp_path / "model"), *arguments])
    assert result.exit_code == 2
    assert not (tmp_path / "model").exists()
    known = "which is not known" not in message and "is the text" not in message
    assert message in result.stderr if known else f"--{next(iter(chosen))}" in result.stderr
    assert len(result.stderr.strip().splitlines()) <= 4


def test_help_names_all_of_them() -> None:
    text = CliRunner().invoke(main, ["fit", "--help"]).stdout
    for name in (*RECIPES, *OBJECTIVES, *MINERS, *SAMPLERS):
        assert name in text
