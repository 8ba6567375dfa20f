"""Learns an embedding model from a shop's own photos; the only package that imports torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.evaluation.compare import compare_models
    from trainer.evaluation.evaluate import evaluate_model
    from trainer.fit.run import fit as fit_catalog
    from trainer.network.start import start_from
    from trainer.settings import FitSettings

__all__ = ["FitSettings", "compare_models", "evaluate_model", "fit_catalog", "start_from"]

_HOME = {
    "FitSettings": ("settings", "FitSettings"),
    "compare_models": ("evaluation.compare", "compare_models"),
    "evaluate_model": ("evaluation.evaluate", "evaluate_model"),
    "fit_catalog": ("fit.run", "fit"),
    "start_from": ("network.start", "start_from"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562): a command's ``--help`` must not import torch."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOME[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
