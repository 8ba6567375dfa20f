"""A catalog in, a model directory out: the whole of `trainer fit` as one function over the other modules."""

from __future__ import annotations

import csv
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.catalog.products import Catalog, Reject
from indexer.cli.progress import Stages
from indexer.models.directory import load_model
from indexer.models.preprocessing import Preprocessing
from indexer.system.arguments import path_of, refused, truth_of
from trainer.data.dataset import read_dataset
from trainer.data.parts.earlier import Earlier
from trainer.data.parts.history import seen_record, write_lists
from trainer.data.parts.split import Split
from trainer.evaluation.evaluate import evaluate_model, without_nan
from trainer.fit.fine_tuning import FineTuner
from trainer.fit.learning import Learned, Learner
from trainer.fit.meaning import meaning_of
from trainer.fit.means import Means, gathered, threads
from trainer.fit.plan import Ways, plan_fit
from trainer.fit.reporting import report_on
from trainer.fit.target import check_target, publishing
from trainer.learning.teacher import load_teacher
from trainer.network.export import write_network, write_record
from trainer.network.weights import build_network
from trainer.settings import FitSettings

REJECTS_NAME = "rejects.csv"
FEATURES_NAME = ".features"
"""Folder beside the models, of what backbones saw of photos: a later fit need not look again."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What `fit` made. ``metrics`` are those of the held-out photos, ``seconds`` by stage."""

    path: Path
    fingerprint: str
    categories: tuple[str, ...]
    metrics: dict[str, Any]
    photos: dict[str, int]
    best_epoch: int
    epochs: int
    interrupted: bool
    rejects: tuple[Reject, ...]
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
    """What failed after the model was whole."""


def fit(
    catalog: Catalog,
    target: str | Path,
    settings: FitSettings,
    stages: Stages | None = None,
    *,
    features: Path | None = None,
    resume: bool = False,
) -> Fitted:
    """Train a model on a catalog and publish it as a directory.

    Args:
        catalog: the products; what their categories and numbers allow is learnt (`trainer.fit.plan`).
        target: the model directory to make or to replace.
        settings: recipe, weights, sizes, split.
        stages: shows the progress; silent when not given.
        features: folder of what backbones saw of photos, which later fits use again; beside the model where not given.
        resume: go on from where a run with the same settings and target was killed.

    Raises:
        UsageError: ``target`` is something else than a model directory, or an argument is not of its kind.
        CatalogError: there is too little to learn from.
        ModelError: the weights cannot be had, or the directory cannot be written.
    """
    if not isinstance(catalog, Catalog):
        raise refused("catalog", catalog, "a catalog that read_catalog gives")
    if not isinstance(settings, FitSettings):
        raise refused("settings", settings, "FitSettings")
    target = path_of("target", target)
    stages = stages or Stages(show=False)
    check_target(target)
    cache = target.parent / FEATURES_NAME if features is None else features
    with gathered(settings, target, resume=truth_of("resume", resume), note=stages.note) as means:
        return _fit(catalog, target, settings, stages if means.share.first else Stages(show=False), cache, means)


def _fit(catalog: Catalog, target: Path, settings: FitSettings, stages: Stages, cache: Path, means: Means) -> Fitted:
    clock = _Clock()
    earlier = Earlier.of(settings.weights, *filter(None, (settings.teacher,)))
    threads(whole=not settings.head_first, share=means.share)
    preprocessing = Preprocessing(settings.size)
    stages.stage("Loading the network")
    network = build_network(
        settings.backbone,
        settings.weights,
        seed=settings.seed,
        size=settings.size,
        several=settings.recipe == "two-part" and settings.head_first,
        pooling=settings.pooling,
        cbam=settings.cbam,
    )
    teacher = load_teacher(settings.teacher) if settings.teacher else None
    stages.stage("Reading photos", catalog.images)
    dataset = read_dataset(catalog, progress=stages.advance, cache=cache)
    plan = plan_fit(dataset, settings, earlier, asked=_asked(settings))
    samples = dataset.samples
    if settings.recipe != "two-part" or not settings.freeze:  # their objectives know nothing but categories
        samples = tuple(sample for sample in samples if sample.category)
    parts = plan.split(samples, settings, earlier)
    for line in (*plan.sentences, *(f"note: {line}" for line in (*dataset.notes, *parts.notes))):
        means.say(line)
    clock.lap("read")

    learned = Learner(
        parts, plan.ways, preprocessing, settings, cache, stages, clock.lap, teacher=teacher, means=means
    ).run(network)
    if settings.head_first and not settings.freeze:
        clock.lap("train")
        if plan.ways != "category":
            means.say("note: without categories to tell apart the backbone stays as it is")
        elif means.share.any_of(not learned.finished):
            means.say("note: the backbone stays as it is, because the head's training did not come to its end")
        else:
            learned = FineTuner(preprocessing, settings, stages, clock.lap, means).run(learned)
    if not means.share.first:
        made: Fitted = means.share.handed_on()
        return made
    network, parts, result = learned.network, learned.parts, learned.training
    stages.stage("Classifier")
    classes = plan.ways == "category"
    meaning = meaning_of(learned, preprocessing, cache, classes=classes, seed=settings.seed)
    categories = meaning.categories
    clock.lap("train")

    stages.stage("Exporting")
    with publishing(target) as folder:
        write_network(folder, network, meaning.classifier, preprocessing, meaning.strangeness)
        facts: dict[str, Any] = {
            "calibration": meaning.calibration,
            "strangers": meaning.strangers,
            "training": {
                **_record(settings, plan.ways, parts, learned),
                "hubs": [hub.record() for hub in dataset.hubs],
                "seen": seen_record(parts, earlier),
            },
        }
        write_record(folder, network, preprocessing, categories, metrics={}, **facts)
        clock.lap("export")
        measured = parts.held_out or parts.train
        keys = {sample.key for sample in measured}
        metrics = evaluate_model(
            load_model(folder), catalog, image_keys=keys, seed=settings.seed, progress=stages.measuring
        )
        metrics["model"]["name"] = target.name  # it was measured in the folder that becomes the target
        metrics["untrained"] = without_nan(learned.untrained)
        if learned.classic:
            metrics["classic"] = {"category": without_nan(learned.classic)}
        clock.lap("evaluate")
        stages.stage("Report")
        fingerprint = write_record(folder, network, preprocessing, categories, metrics=metrics, **facts)
        gone = {reject["where"] for reject in metrics["images"]["rejects"]}
        write_lists(folder, parts, earlier)
        rejects = _all_rejects(dataset.rejects, learned.rejects, metrics["images"]["rejects"])
        _write_rejects(folder, rejects)
        notes = report_on(folder, target.name, [sample for sample in measured if sample.key not in gone])
        clock.lap("report")
    photos = {name: len(getattr(parts, name)) for name in ("train", "validation", "held_out")}
    photos["without_category"] = dataset.without_category
    photos["seen"] = parts.seen
    if learned.finished:
        means.forget()
    fitted = Fitted(
        target,
        fingerprint,
        categories,
        metrics,
        photos,
        result.best_epoch,
        len(result.history),
        learned.interrupted,
        rejects,
        clock.seconds,
        tuple(notes),
    )
    means.share.hand_on(fitted)
    return fitted


def _all_rejects(
    read: Sequence[Reject], learnt: Sequence[Reject], measured: Sequence[Mapping[str, str]]
) -> tuple[Reject, ...]:
    """What was left out when the photos were read, learnt from and measured on, each photo once."""
    found = {(reject.where, reject.product_id): reject for reject in (*read, *learnt)}
    for reject in measured:
        found.setdefault((reject["where"], reject["product_id"]), Reject(**reject))
    return tuple(found.values())


def _asked(settings: FitSettings) -> Ways | None:
    """The way that the settings leave no choice but."""
    if settings.recipe != "two-part" or settings.task == "classify":
        return "category"
    return "detail" if settings.objective == "instance" else None


def _record(settings: FitSettings, ways: str, parts: Split, learned: Learned) -> dict[str, Any]:
    result, backbone = learned.training, learned.backbone
    return {
        **settings.record(),
        "ways": ways,
        "photos": {"train": len(parts.train), "validation": len(parts.validation), "held_out": len(parts.held_out)},
        "best_epoch": result.best_epoch,
        "interrupted": result.interrupted,
        "history": [epoch.record() for epoch in result.history],
        "backbone_history": [epoch.record() for epoch in backbone.history] if backbone else [],
        "ended": (backbone or result).ended,
        "interpolation": {str(share): score for share, score in learned.interpolation.items()},
        "trade_off": [traded.record() for traded in learned.trade_off],
        "label_suspects": [suspect.record() for suspect in learned.labels.suspects] if learned.labels else [],
    }


def _write_rejects(folder: Path, rejects: Sequence[Reject]) -> None:
    """What was left out, one a line."""
    if not rejects:
        return
    with (folder / REJECTS_NAME).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(("where", "reason", "product_id"))
        writer.writerows((reject.where, reject.reason, reject.product_id or "") for reject in rejects)


class _Clock:
    """Seconds of each stage, in order."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = round(now - self._last, 2)
        self._last = now
