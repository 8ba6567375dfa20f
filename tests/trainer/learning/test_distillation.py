"""Distillation: the losses by hand, their gradients, and a student that learns what its teacher sees."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn

from indexer.errors import JewelryError, ModelError, UsageError
from indexer.models.embedder import Embedder
from indexer.models.preprocessing import Preprocessing
from trainer.data.features import FeatureBank
from trainer.data.sources import CachedFeatures, Source
from trainer.fit.target import publishing
from trainer.learning.distillation import (
    FeatureDistillation,
    RelationalDistillation,
    TaughtFeatures,
    Teaching,
    losses_of,
    with_teacher,
)
from trainer.learning.objectives.objective import IndicesTuple, Objective
from trainer.learning.teacher import Teacher, load_teacher
from trainer.network.backbones.backbone import Backbone
from trainer.network.backbones.building import architecture
from trainer.network.export import write_network, write_record
from trainer.network.heads.mlp import MlpHead
from trainer.network.network import EmbeddingNetwork
from trainer.network.trained import trained_network
from trainer.network.weights import build_network
from trainer.settings import FitSettings


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def huber(difference: float) -> float:
    return difference**2 / 2 if abs(difference) < 1 else abs(difference) - 0.5


def test_relational_distillation_by_hand() -> None:
    student, teacher = drawn(5, 3), drawn(5, 7, seed=1)

    def distances(points: Tensor) -> list[list[float]]:
        apart = [[math.dist(a, b) for b in points.tolist()] for a in points.tolist()]
        mean = sum(map(sum, apart)) / 20  # of 5 points, 20 ordered pairs
        return [[one / mean for one in row] for row in apart]

    def cosine(points: Tensor, i: int, j: int, k: int) -> float:
        to_j, to_k = points[j] - points[i], points[k] - points[i]
        if i in (j, k):
            return 0.0
        return float(to_j @ to_k / (to_j.norm() * to_k.norm()))

    ours, theirs = distances(student), distances(teacher)
    by_distance = sum(huber(ours[i][j] - theirs[i][j]) for i in range(5) for j in range(5)) / 25
    triplets = [(i, j, k) for i in range(5) for j in range(5) for k in range(5)]
    by_angle = sum(huber(cosine(student, *t) - cosine(teacher, *t)) for t in triplets) / 125
    assert float(RelationalDistillation()(student, teacher)) == pytest.approx(by_distance + 2 * by_angle)
    assert float(RelationalDistillation(3.0, 0.0)(student, teacher)) == pytest.approx(3 * by_distance)


def test_the_teachers_scale_place_and_dimension_do_not_matter() -> None:
    student = drawn(6, 4)
    wider = torch.cat([5 * student + 2, torch.zeros(6, 9)], dim=1)
    assert float(RelationalDistillation()(student, wider)) == pytest.approx(0, abs=1e-12)


def test_feature_distillation_by_hand() -> None:
    loss = FeatureDistillation(2, 3).double()
    student, teacher = drawn(4, 2), drawn(4, 3, seed=1)
    weight, bias = loss.map.weight.detach(), loss.map.bias.detach()
    total = 0.0
    for ours, theirs in zip(student, teacher, strict=True):
        told = weight @ ours + bias
        total += float((told / told.norm() - theirs / theirs.norm()).pow(2).sum())
    assert loss(student, teacher).item() == pytest.approx(total / 4)


@pytest.mark.parametrize("kind", ["relational", "features"])
def test_gradients(kind: str) -> None:
    loss = losses_of(kind, 3, 5)[0].double()
    teacher = drawn(4, 5, seed=1)
    assert torch.autograd.gradcheck(lambda student: loss(student, teacher), drawn(4, 3).requires_grad_())


def test_the_teacher_gets_no_gradient() -> None:
    student, teacher = drawn(4, 3).requires_grad_(), drawn(4, 3, seed=1).requires_grad_()
    (RelationalDistillation()(student, teacher) + FeatureDistillation(3, 3).double()(student, teacher)).backward()
    assert student.grad is not None
    assert teacher.grad is None


def test_photos_that_are_one_point_do_not_break_the_gradient() -> None:
    student = torch.nn.functional.normalize(drawn(6, 4).float(), dim=1)
    student[3] = student[0]
    student.requires_grad_()
    RelationalDistillation()(student, drawn(6, 4, seed=1).float()).backward()
    assert student.grad is not None
    assert bool(torch.isfinite(student.grad).all())
    assert float(student.grad.abs().max()) < 100


@pytest.mark.parametrize("kind", ["relational", "features", "both"])
def test_a_student_comes_to_see_what_its_teacher_sees(kind: str) -> None:
    torch.manual_seed(0)
    teacher = drawn(40, 6, seed=1).float()
    student = nn.Parameter(drawn(40, 3).float())
    losses = losses_of(kind, 3, 6)
    optimizer = torch.optim.Adam([student, *losses.parameters()], lr=0.05)
    seen = []
    for _ in range(60):
        total = torch.stack([loss(student, teacher) for loss in losses]).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        seen.append(float(total.detach()))
    assert seen[-1] < 0.6 * seen[0]


class NoLabels(Objective):
    """Learns nothing by itself: what changes comes of the teacher."""

    def forward(
        self,
        embeddings: Tensor,
        labels: Tensor,  # noqa: ARG002
        indices_tuple: IndicesTuple | None = None,  # noqa: ARG002
        weights: Tensor | None = None,  # noqa: ARG002
    ) -> Tensor:
        return embeddings.sum() * 0


class Plain:
    """What `with_teacher` needs of a recipe."""

    def __init__(self) -> None:
        self.objective: Objective = NoLabels()

    def loss(self, source: Source, inputs: Tensor) -> Tensor:
        loss: Tensor = self.objective(source.embed(inputs), torch.zeros(len(inputs)))
        return loss


def small(name: str = "resnet18", seed: int = 0, size: int = 32) -> EmbeddingNetwork:
    return build_network(name, "none", seed=seed, size=size)


def head_only() -> EmbeddingNetwork:
    """A student whose head alone is used here."""
    network = EmbeddingNetwork.__new__(EmbeddingNetwork)
    nn.Module.__init__(network)
    torch.manual_seed(0)
    network.head = MlpHead(20)
    network.register_buffer("mean", torch.zeros(1))
    return network


def banks(taught: int = 5) -> tuple[FeatureBank, FeatureBank]:
    return FeatureBank(drawn(12, 4, 20).float().numpy()), FeatureBank(drawn(12, 4, taught, seed=1).float().numpy())


def beside(network: EmbeddingNetwork, kind: str, weight: float) -> tuple[TaughtFeatures, Plain]:
    bank, vectors = banks()
    recipe = Plain()
    source = with_teacher(CachedFeatures(network, bank), recipe, Teaching(vectors, ask_nobody, kind, weight))  # type: ignore[arg-type]
    assert isinstance(source, TaughtFeatures)
    return source, recipe


def ask_nobody(images: Tensor) -> Tensor:
    raise AssertionError("cached vectors are there")


def test_what_the_teacher_says_is_of_the_same_photos_and_views() -> None:
    network = head_only()
    bank, vectors = banks()
    source, _ = beside(network, "relational", 1.0)
    for views in (0, 1, 2):
        (inputs,) = source.batches([np.array([7, 2, 9])], views, np.random.default_rng(0))
        embeddings = source.embed(inputs)
        assert source.lesson.vectors is not None
        places = [np.argwhere((vectors.vectors == row).all(2))[0] for row in source.lesson.vectors.numpy()]
        assert [photo for photo, _ in places] == [7, 2, 9] * max(1, views)
        features = torch.from_numpy(np.stack([bank.vectors[photo, view] for photo, view in places]))
        assert torch.equal(network.embed(features), embeddings)
    assert source.trained() is network.head


@pytest.mark.parametrize("kind", ["relational", "features", "both"])
def test_a_head_on_cached_features_learns_from_a_teacher_alone(kind: str) -> None:
    source, recipe = beside(head_only(), kind, 2.0)
    optimizer = torch.optim.Adam([*source.trained().parameters(), *recipe.objective.parameters()], lr=2e-3)
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(25):
        for inputs in source.batches([rng.permutation(12)], 2, rng):
            loss = recipe.loss(source, inputs)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            seen.append(float(loss.detach()))
    assert np.mean(seen[-5:]) < 0.7 * np.mean(seen[:5])


def test_the_weight_of_the_teacher() -> None:
    found = []
    for weight in (0.0, 1.0, 3.0):
        source, recipe = beside(head_only(), "relational", weight)
        (inputs,) = source.batches([np.arange(12)], 2, np.random.default_rng(0))
        found.append(float(recipe.loss(source, inputs).detach()))
    assert found[0] == 0
    assert found[2] == pytest.approx(3 * found[1])


def test_without_a_teacher_nothing_changes() -> None:
    source, recipe = CachedFeatures(head_only(), banks()[0]), Plain()
    before = recipe.objective
    assert with_teacher(source, recipe, None) is source  # type: ignore[arg-type]
    assert recipe.objective is before


def test_banks_of_other_photos_are_refused() -> None:
    bank, vectors = banks()
    with pytest.raises(ValueError, match=r"\(12, 4\)"):
        TaughtFeatures(CachedFeatures(head_only(), bank), vectors.part(0, 11))


def test_a_batch_that_the_teacher_has_not_seen_is_refused() -> None:
    source, recipe = beside(head_only(), "relational", 1.0)
    with pytest.raises(ValueError, match="has not seen"):
        recipe.objective(drawn(3, 4), torch.zeros(3))
    (inputs,) = source.batches([np.arange(12)], 2, np.random.default_rng(0))
    source.embed(inputs)
    with pytest.raises(ValueError, match="has not seen"):
        recipe.objective(drawn(3, 4), torch.zeros(3))


def test_of_an_epoch_that_goes_on_the_teacher_says_the_same() -> None:
    whole, _ = beside(head_only(), "relational", 1.0)
    plan = [np.array([7, 2, 9]), np.array([1, 3, 5])]
    every = list(whole.batches(plan, 2, np.random.default_rng(0)))
    rest = whole.after(1)
    (inputs,) = rest.batches(plan[1:], 2, np.random.default_rng(0))
    assert torch.equal(inputs, every[1])
    rest.embed(inputs)
    assert whole.lesson.vectors is not None  # who asks for the loss holds the source as it was
    assert torch.equal(whole.lesson.vectors, inputs[:, 20:])


class Pictures(Source):
    """Drawn photos through the whole network."""

    def __init__(self, network: EmbeddingNetwork) -> None:
        self.network = network
        self.images = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8))

    def batches(self, plan, views, rng):  # type: ignore[no-untyped-def]  # noqa: ARG002
        for indices in plan:
            yield self.images[indices].repeat(max(1, views), 1, 1, 1)

    def embed(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)  # type: ignore[no-any-return]

    def trained(self) -> nn.Module:
        return self.network


def test_a_whole_network_learns_from_a_teacher_of_another_size_and_dimension() -> None:
    network = small()
    teacher = Teacher(small("mobilenet_v3_small", seed=1, size=48), 48, embeds=True)
    before = {name: value.clone() for name, value in teacher.network.state_dict().items()}
    recipe = Plain()
    teaching = Teaching(banks(teacher.network.dimension)[1], teacher, "both", 1.0)
    source = with_teacher(Pictures(network), recipe, teaching)  # type: ignore[arg-type]
    (inputs,) = source.batches([np.arange(6)], 1, np.random.default_rng(0))
    recipe.loss(source, inputs).backward()  # type: ignore[no-untyped-call]
    assert all(one.grad is not None and one.grad.any() for one in network.head.parameters())
    assert network.backbone.trunk.cut.conv1.weight.grad.any()
    assert all(one.grad is not None and one.grad.any() for one in recipe.objective.parameters())
    assert not any(one.requires_grad for one in teacher.network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in teacher.network.state_dict().items())
    assert source.embed_all(0, 6).shape == (6, network.dimension)
    assert source.trained() is network


def test_a_backbone_teaches_its_centred_features() -> None:
    torch.manual_seed(0)
    kept = Backbone(architecture("resnet18", 32), 32, stages="several")
    teacher = Teacher(EmbeddingNetwork(kept, kept.taps, MlpHead(kept.features)), 32, embeds=False)
    features = 3 + drawn(10, 2, kept.features).float()
    features[..., :128] *= 50
    bank = FeatureBank(features.numpy())
    teacher.settle(bank)
    rows = torch.from_numpy(bank.originals)
    by_hand = []
    for start, stop in ((0, 128), (128, 384), (384, 896)):
        part = rows[:, start:stop]
        by_hand.append((part - part.mean(0)) / part.std(0).mean())
    told = torch.from_numpy(teacher.bank(bank).vectors[:, 0])
    assert torch.allclose(told, nn.functional.normalize(torch.cat(by_hand, 1), dim=1), atol=1e-5)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("models") / "model"
    network = build_network("mobilenet_v3_small", "none", size=32, several=True).eval()
    with publishing(target) as folder:
        write_network(folder, network, nn.Linear(128, 2), Preprocessing(32))
        training = FitSettings(weights="none", fine_tune="all", backbone="mobilenet_v3_small", size=32).record()
        write_record(folder, network, Preprocessing(32), ["a", "b"], metrics={}, calibration={}, training=training)
    return target


@pytest.mark.slow  # exports a model
def test_an_earlier_model_teaches_what_it_serves(model: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    told = load_teacher(str(model))(torch.from_numpy(images))
    served = Embedder(model).embed([Image.fromarray(image) for image in images])
    assert np.abs(told.numpy() - served).max() < 1e-5


@pytest.mark.slow  # exports a model
def test_weights_that_are_not_the_records_network_are_refused(model: Path, tmp_path: Path) -> None:
    other = shutil.copytree(model, tmp_path / "other")
    save_file(build_network("resnet18", "none", size=32).state_dict(), other / "model.safetensors")
    with pytest.raises(ModelError, match=r"model\.safetensors: these are not weights of mobilenet_v3_small"):
        trained_network(other)


def test_teachers_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    expected: dict[str, tuple[type[JewelryError], str]] = {
        str(tmp_path / "empty"): (ModelError, "is missing, so this is not a complete model directory"),
        str(tmp_path / "none"): (
            ModelError,
            "no such model directory; --teacher takes a model directory or a backbone",
        ),
        "resnet81": (UsageError, "backbone 'resnet81' is not known; the nearest are resnet18"),
        f"resnet18={tmp_path / 'w.pth'}": (ModelError, "no such weights file"),
    }
    for name, (kind, message) in expected.items():
        with pytest.raises(kind, match=message):
            load_teacher(name)


def test_settings_of_teachers() -> None:
    for wrong, message in (
        ({"distillation": "all"}, "choose one of relational, features, both"),
        ({"teacher_weight": -1.0}, "teacher weight -1.0 is negative"),
        ({"recipe": "classic", "teacher": "resnet50"}, "the classic recipe has no teacher"),
    ):
        with pytest.raises(UsageError, match=message):
            FitSettings(**wrong)  # type: ignore[arg-type]
