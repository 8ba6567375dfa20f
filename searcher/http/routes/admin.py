"""Routes that need a key of scope admin: what the service runs on."""

from __future__ import annotations

from typing import Any

from fastapi import Depends
from pydantic import BaseModel, Field

from indexer.version import __version__
from searcher.http.access.authentication import require_admin
from searcher.http.dependencies import Service
from searcher.http.problems import PROBLEMS
from searcher.http.routes.router import Router

router = Router(prefix="/v1/admin", tags=["admin"], dependencies=[Depends(require_admin)], responses=PROBLEMS)


class Status(BaseModel):
    """What answers come from."""

    version: str = Field(description="Of this program.")
    location: str = Field(description="Directory or address of the index.")
    engine: str = Field(description="embedded or server.")
    generation: str = Field(description="The published generation.")
    model: str = Field(description="Fingerprint of the model.")
    photos: int
    fields: dict[str, str] = Field(description="Fields that can be filtered, and their types.")
    details: dict[str, Any] = Field(description="What is particular to the engine.")


@router.get("/status", summary="Index, generation, model and engine")
def status(service: Service) -> Status:
    """What this service runs on."""
    store = service.published().store
    details = service.index.describe()
    return Status(
        version=__version__,
        location=service.index.location,
        engine=str(details.get("engine", "unknown")),
        generation=store.generation,
        model=store.record.fingerprint,
        photos=store.count(),
        fields={name: str(kind) for name, kind in store.record.field_table.items()},
        details=details,
    )
