"""Settings of everything that touches the index: environment and .env, prefix JEWELRY_; CLI options win.

A variable that is empty or blank is not set: scripts and compose files pass on what they do not have as ``NAME=``, and
an empty directory would be the current one. A directory and a server exclude each other; where one is an option and the
other a variable, the option wins, and two options or two variables are refused.
"""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from indexer.errors import UsageError
from indexer.photos.fetch.many.kept import LIMIT
from indexer.store.embedded.index import open_index
from indexer.store.interface import Index
from indexer.store.server.options import CollectionOptions, Quantization
from indexer.store.tuning import Memory
from indexer.system.text import parse_share

if TYPE_CHECKING:
    from indexer.store.server.index import ServerIndex


_EXCLUDED = {"index": "qdrant_url", "qdrant_url": "index"}
"""Settings of which one says what the other one says too, in another way."""


class _Outdone(PydanticBaseSettingsSource):
    """A source of settings less what is blank there, and less what a given one excludes.

    ``env_ignore_empty`` alone would let spaces through.
    """

    def __init__(
        self, settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource, given: dict[str, Any]
    ) -> None:
        super().__init__(settings_cls)
        self._source = source
        self._excluded = {other for name, other in _EXCLUDED.items() if not _is_blank(given.get(name))}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the source itself says."""
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        """Its settings by name."""
        return {
            name: value
            for name, value in self._source().items()
            if name not in self._excluded and not (isinstance(value, str) and _is_blank(value))
        }


def _is_blank(value: Any) -> bool:
    return value is None or not str(value).strip()


_Share = Annotated[float, BeforeValidator(lambda value: parse_share(str(value)))]


class IndexerSettings(BaseSettings):
    """Where the index, the model and the catalog are."""

    model_config = SettingsConfigDict(env_prefix="JEWELRY_", env_file=".env", env_ignore_empty=True, extra="ignore")

    index: Path = Field(Path("index"), description="Directory of the embedded index.")
    model: Path | None = Field(None, description="Model directory.")
    text_model: Path | None = Field(None, description="Directory of a text model, a CLIP or SigLIP as ONNX.")
    catalog: Path | None = Field(None, description="Where the original photos are, if they moved since the sync.")
    workers: int = Field(0, ge=0, description="Workers that embed; 0 means one per core.")
    memory: Memory = Field(Memory.CACHED, description="Where payload and field indexes are: pinned, cached or cold.")
    max_removal: _Share = Field(0.1, description="The share of the index that a sync may remove: 0.1 or 10%.")
    photo_cache: float = Field(
        LIMIT / 1e9, ge=0, le=1e6, description="GB of photos from URLs that are kept beside the index."
    )
    max_rejected: _Share = Field(0.5, description="The share of a file of events that may be rejected: 0.5 or 50%.")

    qdrant_url: str | None = Field(
        None, description="Address of a Qdrant server, in place of an embedded index; several with commas."
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Its API key.")
    qdrant_ca: Path | None = Field(
        None, description="PEM file of the authority that its certificate is of, if that is no public one."
    )
    qdrant_grpc: bool = Field(False, description="Send over gRPC what can be sent that way.")
    qdrant_grpc_port: int = Field(6334, ge=1, le=65535, description="Its port for gRPC.")
    qdrant_timeout: int = Field(30, ge=1, description="Seconds until a request counts as failed.")
    qdrant_attempts: int = Field(
        5, ge=1, le=20, description="Times a request is sent, to each address, before it counts as failed."
    )
    qdrant_first_wait: float = Field(0.25, ge=0, description="Seconds before the second attempt; then doubled.")
    collection: str = Field(
        "jewelry", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$", description="Alias on the server."
    )
    state: Path = Field(
        Path(".jewelry"), description="With a server: this machine's folder for thumbnails and unfinished work."
    )
    quantization: Quantization | None = Field(None, description="none, int8 or turbo; default: none, or as it is.")
    shards: int | None = Field(None, ge=1, description="Shards of a new collection.")
    replicas: int | None = Field(None, ge=1, description="Copies of each shard of a new collection.")
    write_consistency: int | None = Field(None, ge=1, description="Copies that must confirm a write.")
    ready_timeout: float = Field(3600, gt=0, description="Seconds to wait for a new collection's search graph.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment, then .env; a blank variable leaves the word to the next of them."""
        named, given = (env_settings, dotenv_settings, file_secret_settings), init_settings()
        return (init_settings, *(_Outdone(settings_cls, source, given) for source in named))

    @classmethod
    def read(cls, **options: Any) -> Self:
        """The settings of this process.

        Args:
            options: values that win over the environment; those that are None were not given. A directory among them
                also wins over the address of a server in the environment, and an address over a directory there.

        Raises:
            UsageError: a variable makes no sense; or both a directory and an address are given, or an empty address.
        """
        index, qdrant_url = options.get("index"), options.get("qdrant_url")
        if qdrant_url is not None and not qdrant_url.strip():
            raise UsageError("--qdrant-url is empty; name the server, or leave the option out")
        if index is not None and qdrant_url is not None:
            raise UsageError(
                f"both a directory ({index}) and a Qdrant server are given; leave out --index or --qdrant-url"
            )
        try:
            return cls(**{name: value for name, value in options.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = f"{cls.model_config['env_prefix']}{first['loc'][0]}".upper()
            why = first["msg"].removeprefix("Value error, ")
            raise UsageError(f"{name}={first['input']!r}: {why}; correct it in the environment or .env") from None

    def open_chosen(self) -> Index:
        """The index that these settings choose: embedded, or on a server, which is asked its version.

        Raises:
            UsageError: both a directory and an address are set, or the address cannot be used.
            StoreError: the server cannot be used.
        """
        if not self.qdrant_url:
            return open_index(self.index, self.memory)
        if "index" in self.model_fields_set:
            raise UsageError(
                f"both a directory ({self.index}) and a Qdrant server are given; take JEWELRY_INDEX or "
                "JEWELRY_QDRANT_URL out of the environment or .env, or choose with --index or --qdrant-url"
            )
        return open_server(self, self.qdrant_url)


def open_server(settings: IndexerSettings, url: str) -> ServerIndex:
    """The index on a server, after asking it its version. Raises as `open_chosen` does."""
    from indexer.store.server.connection import connect
    from indexer.store.server.index import ServerIndex
    from indexer.store.server.wire.addresses import ServerAddress

    key = settings.qdrant_api_key
    address = ServerAddress(
        url,
        None if key is None else key.get_secret_value(),
        settings.qdrant_grpc,
        settings.qdrant_grpc_port,
        settings.qdrant_timeout,
        settings.qdrant_attempts,
        settings.qdrant_first_wait,
        settings.qdrant_ca,
    )
    options = CollectionOptions(
        settings.quantization,
        settings.shards,
        settings.replicas,
        settings.write_consistency,
        settings.ready_timeout,
        settings.memory,
    )
    return ServerIndex(connect(address), settings.collection, settings.state, options)


MODELS = Path("models")


def find_model(given: Path | None, recorded: str | None = None, catalog: Path | str | None = None) -> Path:
    """The model directory to use: the one given, else the one the index was built with, else the only one in models/.

    Args:
        given: the one that was named.
        recorded: the one that the index was built with.
        catalog: the photos that wait for a model, for the command that makes one.

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
    if candidates:
        raise UsageError(
            f"several models are in models/; name one with --model or JEWELRY_MODEL: {', '.join(map(str, candidates))}"
        )
    if recorded:
        raise UsageError(
            f"the model that the index was built with is not at {recorded} any more; name where it is with --model or "
            "JEWELRY_MODEL"
        )
    photos = "CATALOG" if catalog is None else quote(str(catalog))
    raise UsageError(
        f"there is no model yet; make one of these photos with: trainer fit {photos} -o models/shop (or name one with "
        "--model or JEWELRY_MODEL)"
    )
