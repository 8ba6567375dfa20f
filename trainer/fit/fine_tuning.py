"""Fine-tuning: a network that has a head goes on learning with its backbone, and keeps of that what helps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from indexer.cli.progress import Stages
from indexer.models.preprocessing import Preprocessing
from trainer.data.features import extract
from trainer.data.sources import CachedFeatures, Photos
from trainer.fit.learning import Learned
from trainer.fit.means import Means, threads
from trainer.learning.averaging import best_between, best_share
from trainer.learning.distillation import with_teacher
from trainer.learning.loop import Training
from trainer.learning.recipes import Recipe
from trainer.learning.two_part import weigh
from trainer.network.blocks import let_learn
from trainer.network.heads.parts import TwoPartHead
from trainer.settings import FitSettings


def _score(recipe: Recipe, source: Photos) -> float:
    """What validation says of weights between others: the recipe's judgement and, as that is nearly all right on few
    photos and cannot tell good from better, the mAP by category."""
    judged = recipe.judge(source)
    return judged.score + judged.mean_average_precision


def _course(training: Training, interpolation: Mapping[float, float]) -> str:
    """What fine-tuning did, in a line."""
    share = best_share(interpolation) if interpolation else float(training.best_epoch > 0)
    if not share:
        return "Fine-tuning: validation liked none of it; the network stays as it was."
    if not interpolation:
        before, after = training.start_score or 0.0, training.best_score
        return f"Fine-tuning: validation {before:.3f} before, {after:.3f} after epoch {training.best_epoch}."
    return (
        f"Fine-tuning: validation {interpolation[0.0]:.3f} before, {interpolation[1.0]:.3f} after, "
        f"{interpolation[share]:.3f} with {share:.0%} of the change, which is kept."
    )


@dataclass(frozen=True, slots=True)
class FineTuner:
    """Lets a network go on learning whose head was made on cached features.

    The backbone learns at a tenth of the head's rate and its batch norms keep their statistics. Of what it learnt as
    much is kept as validation likes best, nothing where it likes none of it.

    Args:
        preprocessing: what all photos go through.
        settings: what of the backbone learns, and how.
        stages: shown the progress.
        lap: told the end of each stage of which the seconds are recorded.
        means: device, processes, time, checkpoints.
    """

    preprocessing: Preprocessing
    settings: FitSettings
    stages: Stages
    lap: Callable[[str], None]
    means: Means

    def run(self, learned: Learned) -> Learned:
        """The same network, further."""
        settings, network, parts = self.settings.of_fine_tuning(), learned.network, learned.parts
        threads(whole=True, share=self.means.share)
        let_learn(network, self.settings.fine_tune)
        network.to(self.means.device.place)
        weights = None if learned.labels is None else learned.labels.of(parts.train)
        recipe = Recipe(settings, parts.train, parts.validation, weights=weights)
        learning, tuning = (
            self.means.photos(network, part, self.preprocessing, norms=False)
            for part in (parts.train, parts.validation)
        )
        taught = with_teacher(learning, recipe, learned.teaching)
        self.stages.stage("Fine-tuning", settings.epochs)
        training = self.means.train(
            "fine-tune", (taught, tuning), recipe, settings, self.stages.epoch, start_counts=True
        )
        interpolation: dict[float, float] = {}
        if settings.interpolate and training.history:
            self.stages.stage("Between before and after")
            interpolation = best_between(network, training.before, lambda: _score(recipe, tuning))
        self.means.say(_course(training, interpolation))
        network.cpu()
        threads(whole=False, share=self.means.share)
        rejects = learned.rejects + learning.readable.rejects + tuning.readable.rejects
        learned = replace(learned, backbone=training, interpolation=interpolation, rejects=rejects)
        self.lap("fine-tune")
        return self._seen(learned)

    def _seen(self, learned: Learned) -> Learned:
        """The photos as the network sees them now, and what that makes of the share of its parts."""
        network, parts = learned.network, learned.parts
        samples = parts.train + parts.validation
        self.stages.stage("Tuned features", len(samples))
        of = partial(extract, network, preprocessing=self.preprocessing, progress=self.stages.advance)
        seen = of(samples, views=1)
        if seen.lost:
            parts = parts.without(seen.lost)
        bank, cut = seen.bank, len(parts.train)
        tuning = CachedFeatures(network, bank.part(cut, len(bank.vectors)))
        trade_off = learned.trade_off
        if isinstance(network.head, TwoPartHead):
            trade_off = weigh(network.head, tuning, parts.validation, self.settings)
        return replace(
            learned,
            parts=parts,
            learning=CachedFeatures(network, bank.part(0, cut)),
            tuning=tuning,
            trade_off=trade_off,
            rejects=learned.rejects + seen.rejects,
            learnt_features=True,
        )
