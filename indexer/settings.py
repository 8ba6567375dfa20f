"""Settings of everything that touches the index: environment and .env, prefix JEWELRY_; CLI options win."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from indexer.errors import UsageError


class IndexerSettings(BaseSettings):
    """Where the index, the model and the catalog are."""

    model_config = SettingsConfigDict(env_prefix="JEWELRY_", env_file=".env", extra="ignore")

    index: Path = Field(Path("index"), description="Directory of the embedded index.")
    model: Path | None = Field(None, description="Model directory.")
    catalog: Path | None = Field(None, description="Where the original photos are, if they moved since the sync.")
    workers: int = Field(0, ge=0, description="Workers that embed; 0 means one per core.")

    @classmethod
    def read(cls) -> Self:
        """The settings of this process; raises ``UsageError`` naming the variable that makes no sense."""
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = f"{cls.model_config['env_prefix']}{first['loc'][0]}".upper()
            raise UsageError(
                f"{name}={first['input']!r}: {first['msg']}; correct it in the environment or .env"
            ) from None


MODELS = Path("models")


def find_model(given: Path | None, recorded: str | None = None) -> Path:
    """The model directory to use: the one given, else the one the index was built with, else the only one in models/.

    Raises:
        UsageError: none of these is there.
    """
    if given is not None:
        return given
    if recorded and Path(recorded).is_dir():
        return Path(recorded)
    candidates = sorted(p for p in MODELS.iterdir() if (p / "model.json").is_file()) if MODELS.is_dir() else []
    if len(candidates) == 1:
        return candidates[0]
    names = ", ".join(str(p) for p in candidates) or "none in models/"
    raise UsageError(
        f"no model named; give --model DIR or set JEWELRY_MODEL (found: {names}; train one with trainer fit)"
    )
