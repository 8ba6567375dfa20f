"""Settings of the search and of its HTTP service: environment and .env, prefix JEWELRY_; CLI options win."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from indexer.photos.opening import ASKED_PIXELS, MAX_PIXELS
from indexer.settings import IndexerSettings

_HOST = re.compile(
    r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\]|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*", re.ASCII
)


MOST_CHARACTERS, LEAST_CHARACTERS = 20_000, 2_000
"""Of a tool's answer: by default, about five thousand words of a model; and at least."""


class SearcherSettings(IndexerSettings):
    """Where the index, the model and the original photos are, and how much is read of the photos of others."""

    upload_pixels: int = Field(
        ASKED_PIXELS,
        ge=1,
        le=MAX_PIXELS,
        description="Pixels decoded of a photo that the HTTP service or a tool is asked with; a JPEG is read smaller.",
    )


class ToolSettings(SearcherSettings):
    """How much `searcher mcp` answers with."""

    most_characters: int = Field(
        MOST_CHARACTERS, ge=LEAST_CHARACTERS, description="Characters of a tool's answer, without pictures."
    )


class ServeSettings(SearcherSettings):
    """How `searcher serve` listens, whom it answers, and how much it takes from them.

    Host, port and workers carry ``serve_`` because JEWELRY_WORKERS already counts those that embed, and because
    Kubernetes sets JEWELRY_PORT by itself beside a service that is named jewelry.
    """

    serve_host: str = Field("127.0.0.1", min_length=1, description="Address to listen at.")
    serve_port: int = Field(8000, ge=0, le=65535, description="Port to listen at; 0 takes a free one.")
    serve_workers: int = Field(1, ge=1, le=256, description="Worker processes.")
    shutdown_timeout: int = Field(10, ge=0, description="Seconds that running requests get to finish.")
    root_path: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._~-]+)*$",
        description="Path that a proxy in front puts before all addresses of the service, /search.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Addresses or networks of proxies whose X-Forwarded-For or Forwarded is believed; commas between.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Names that the service is asked by; commas between, *.shop.example for all below it, * for any.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    keys: Path | None = Field(None, description="File of API keys, made by `searcher keys add`.")
    open: bool = Field(False, description="Listen beyond this machine without API keys: anybody may ask.")
    rate_limit: int = Field(1200, ge=0, description="Requests a minute and client, over all workers; 0: no limit.")
    rate_burst: int | None = Field(None, ge=1, description="Requests at once; default: ten seconds' worth.")
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Web sites whose pages may ask from the browser; commas between, * for all."
    )
    allow_private_urls: bool = Field(False, description="Fetch query photos from private addresses too.")

    upload_limit: int = Field(20_000_000, ge=1, description="Bytes of a request with a photo.")
    json_limit: int = Field(1_000_000, ge=1, description="Bytes of a request in JSON.")
    body_timeout: float = Field(30, gt=0, description="Seconds a client has to send its request's body.")
    header_limit: int = Field(65_536, ge=1024, description="Bytes of a request's address and headers.")
    header_timeout: float = Field(10, gt=0, description="Seconds a client has to send them.")
    connection_limit: int | None = Field(
        None,
        ge=1,
        description="Connections of a worker; default: 1000, or what the limit of open files leaves room for.",
    )
    picture_lifetime: int = Field(
        3600,
        ge=60,
        le=604_800,
        description="Seconds for which a picture's signed address can be used; at most twice that.",
    )

    @field_validator("cors_origins", "trusted_proxies", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            whole = parts.scheme in ("http", "https") and f"{parts.scheme}://{parts.netloc}" == origin
            if origin != "*" and not (whole and parts.netloc):
                raise ValueError(f"{origin} is not an origin; write it as https://www.shop.example")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network, strict=False)
            except ValueError:
                example = "write it as 10.0.0.2, as 10.0.0.0/8 or as ::1"
                raise ValueError(f"{network} is not an address or a network; {example}") from None
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if host != "*" and not _HOST.fullmatch(host):
                raise ValueError(f"{host} is not the name of a host; write it without port: search.shop.example")
        return tuple(host.lower().strip("[]").rstrip(".") for host in value)

    @property
    def only_this_machine(self) -> bool:
        """Whether nobody else is answered: there are no keys, and nobody asked to do without."""
        return self.keys is None and not self.open

    @property
    def loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ip_address(self.serve_host.strip("[]")).is_loopback
        except ValueError:
            return self.serve_host == "localhost"
