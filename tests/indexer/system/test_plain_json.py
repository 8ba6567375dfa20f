"""Dataclasses as JSON: names, what is left out, what stands flat, what is derived, and the schema of all that."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field, computed_field

from indexer.system.plain_json import (
    AS_TEXT,
    AT_TIMES,
    HIDDEN,
    LEFT_OUT,
    Picture,
    PlainJson,
    adapter,
    json_bytes,
    rounded,
)


@dataclass(frozen=True, slots=True)
class Photo(PlainJson):
    """A photo."""

    path: Annotated[str, Field(alias="photo")]
    """Its place, or None."""
    thumbnail: Picture = None
    digest: Annotated[bytes, HIDDEN] = b""


@dataclass(frozen=True, slots=True)
class Found(PlainJson):
    """A photo that was found."""

    FLAT = "photo"

    photo: Photo
    score: Annotated[float, rounded(2)]
    notes: Annotated[tuple[str, ...], LEFT_OUT] = ()
    count: Annotated[int | None, LEFT_OUT] = None
    odd: Annotated[bool, AT_TIMES] = False
    kind: Annotated[Path, AS_TEXT] = Path("x")
    payload: Any = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def alike(self) -> bool:
        """Whether it is the same."""
        return self.score > 0.99

    def leave_out(self) -> tuple[str, ...]:
        return () if self.odd else ("odd",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Found):
    """What is sent of it."""

    more: int = 0


FOUND = Found(Photo("a.jpg", Path("/disk/abc.webp"), b"?"), 0.12345)


def test_what_has_nothing_to_say_is_left_out() -> None:
    shown = {"photo": "a.jpg", "thumbnail": "/disk/abc.webp", "score": 0.12, "kind": "x", "payload": None}
    assert FOUND.to_json() == {**shown, "alike": False}
    told = Found(Photo("b.jpg"), 1.0, ("a note",), 0, odd=True).to_json()
    assert (told["notes"], told["count"], told["odd"], told["alike"]) == (["a note"], 0, True, True)


def test_pictures_are_addresses_in_what_is_sent() -> None:
    assert json.loads(json_bytes(FOUND, "/pictures/{}".format)) == {**FOUND.to_json(), "thumbnail": "/pictures/abc"}


@pytest.mark.parametrize("text", ["half \ud800 a surrogate", "\udc80"])
def test_what_has_no_utf8_is_replaced(text: str) -> None:
    sent = json_bytes(Found(Photo("é"), 1.0, payload={"name": text}), "/pictures/{}".format)
    assert json.loads(sent)["payload"]["name"] == text.encode("utf-8", "replace").decode()
    assert json.loads(sent)["photo"] == "é"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_not_sent(number: float) -> None:
    """Neither as null nor as a word that JSON has not; a text may hold these words."""
    for found in (Found(Photo("a"), number), Found(Photo("a"), 1.0, payload={"a": "\ud800", "b": [number]})):
        with pytest.raises(ValueError, match="which JSON has not"):
            json_bytes(found, "/pictures/{}".format)
    named = Found(Photo("a"), 1.0, payload={"title": "NaN, Infinity"})
    assert json.loads(json_bytes(named, "/pictures/{}".format))["payload"] == named.payload


def test_the_schema_is_that_of_the_json() -> None:
    schema = adapter(Sent).json_schema(mode="serialization")
    about = schema["properties"]
    assert set(about) == {"photo", "thumbnail", "score", "notes", "count", "odd", "kind", "payload", "more", "alike"}
    assert set(schema["required"]) == {"photo", "thumbnail", "score", "kind", "payload", "more", "alike"}
    assert about["photo"]["description"] == "Its place, or null."
    assert about["notes"]["anyOf"] == [{"items": {"type": "string"}, "type": "array"}, {"type": "null"}]
    assert "default" not in json.dumps(schema)
    assert not schema["additionalProperties"]


def test_docstrings_are_read_where_a_schema_is_asked_for_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service makes an adapter for each of its answers when it starts, and parses no source for it."""

    @dataclass(frozen=True, slots=True)
    class Told(PlainJson):
        """What is told."""

        value: int
        """Of it."""
        named: Annotated[int, Field(description="Said otherwise.")] = 0
        """Passed over."""
        other: int = 0

    with monkeypatch.context() as patch:
        patch.setattr(inspect, "getsourcelines", lambda _: pytest.fail("a source was read"))
        assert adapter(Told).dump_python(Told(1)) == {"value": 1, "named": 0, "other": 0}
    properties = adapter(Told).json_schema(mode="serialization")["properties"]
    assert [properties[name].get("description") for name in ("value", "named", "other")] == [
        "Of it.",
        "Said otherwise.",
        None,
    ]
