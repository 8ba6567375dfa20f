"""Fixtures every test may use: real photos where they are, and one summary line about those that are not."""

from __future__ import annotations

import gc
import logging
import os
from pathlib import Path

# Where tests are shared out, there are more processes than cores, and threads that wait for each other by spinning take
# most of the time of small calculations. To be said before numpy, scikit-learn and torch are loaded; a run in one
# process, as that of the measurements is, keeps all threads.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # of what asks for several threads all the same

import pytest
from hypothesis import settings

from tests.shops.models.trained_shops import TrainedShop, make_real_shop, make_sample_shop
from tests.shops.real_data import TEST_DATA

settings.register_profile("no deadline", deadline=None)  # timings are measured in tests/bench and asserted nowhere
settings.load_profile("no deadline")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as cores: tests of services, connections and disks wait for half of their time."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection() -> None:
    """What is collected is kept to the end: no search for circles among it, neither now nor while tests run."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see no JEWELRY_ variable of whoever runs them."""
    for name in [name for name in os.environ if name.startswith("JEWELRY_") and name != "JEWELRY_TEST_DATA"]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def logs_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """``caplog`` listens at the root, from which a service that ran in this process has cut our logs off."""
    for name in ("indexer", "searcher"):
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder with the real photo sets jewelry/, fashion/ and products/."""
    path = TEST_DATA / "data"
    if not (path / "jewelry" / "catalog.csv").is_file():
        pytest.skip("no real photos: set JEWELRY_TEST_DATA to a folder with data/jewelry/catalog.csv")
    return path


@pytest.fixture(scope="session")
def imagenet_weights() -> Path:
    """A MobileNetV2 trained on ImageNet, with torchvision's key names."""
    path = TEST_DATA / "weights" / "mobilenet_v2_imagenet.pth"
    if not path.is_file():
        pytest.skip("no pretrained weights: set JEWELRY_TEST_DATA to a folder with weights/mobilenet_v2_imagenet.pth")
    return path


@pytest.fixture(scope="session")
def sample_shop(tmp_path_factory: pytest.TempPathFactory, imagenet_weights: Path) -> TrainedShop:
    """The sample catalog with a model trained on it: minutes, once a session."""
    return make_sample_shop(tmp_path_factory.mktemp("sample-shop"), imagenet_weights)


@pytest.fixture(scope="session")
def real_shop(tmp_path_factory: pytest.TempPathFactory, real_data: Path, imagenet_weights: Path) -> TrainedShop:
    """Held-out real photos with a model trained on others: minutes, once a session."""
    return make_real_shop(tmp_path_factory.mktemp("real-shop"), real_data, imagenet_weights)
