"""A photo that vanishes during a fit is a reject by name, and costs nothing that was learnt."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.catalog.reading import read_catalog
from indexer.cli.progress import Stages
from indexer.models.directory import load_model
from tests.shops.catalogs.drawn_catalog import draw
from trainer.fit.run import REJECTS_NAME, Fitted, fit
from trainer.settings import FitSettings


class Vanishing(Stages):
    """Takes photos away when a stage begins."""

    def __init__(self, name: str, photos: list[Path]) -> None:
        super().__init__(show=False)
        self._name, self._photos = name, photos

    def stage(self, name: str, total: int = 1) -> None:
        if name == self._name:
            for photo in self._photos:
                photo.unlink()
        super().stage(name, total)


def settings(weights: object) -> FitSettings:
    return FitSettings.for_run(
        "two-level", str(weights), epochs=1, backbone="mobilenet_v3_small", size=32, holdout=0.4, views=2
    )


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of another shop to begin with, so that there are features to freeze."""
    root = tmp_path_factory.mktemp("earlier")
    fit(read_catalog(draw(root / "shop", photos=1, seed=5)), root / "model", settings("none"))
    return root / "model"


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["Backbone features", "Exporting"])
def test_photos_that_vanish_are_rejects_by_name(stage: str, earlier: Path, tmp_path: Path) -> None:
    folder = draw(tmp_path / "shop", photos=1)
    names = [f"{shape}/{shape}-{number}/0.png" for shape in ("bars", "rings") for number in range(2)]
    fitted: Fitted = fit(
        read_catalog(folder),
        tmp_path / "model",
        settings(earlier),
        Vanishing(stage, [folder / name for name in names]),
    )
    gone = {reject.where for reject in fitted.rejects}
    rejected = (tmp_path / "model" / REJECTS_NAME).read_text()
    assert gone <= set(names)
    assert all(name in rejected for name in gone)
    if stage == "Backbone features":
        assert gone == set(names)
        assert sum(fitted.photos[part] for part in ("train", "validation", "held_out")) == 20
    else:  # what was learnt from is not read again
        assert gone
        assert load_model(tmp_path / "model").metrics["images"]["count"] == fitted.photos["held_out"] - len(gone)
    assert (tmp_path / "model" / "report" / "report.html").is_file()
