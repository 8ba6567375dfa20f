"""Uploads as programs send them: a form whose photo has no file name, and a photo that is the whole body.

A form's part counts as a file where it has a file name (RFC 7578, section 4.2), which many programs leave out; the part
that is the photo is a file with or without one, and every other part is text, with or without one: who sends a file of
options means what stands in it. A body that is a photo itself has its options in the address.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

PHOTO = "image"
"""The part of a form that is the photo."""

PHOTO_ADDRESS = "/photo"
"""How the addresses end that take a photo as it is."""

AS_PHOTO = "multipart/form-data, or that of the image itself (image/jpeg)"
"""What the Content-Type is there."""

IN_MEMORY = 1024 * 1024
"""Bytes of a photo that need no file of their own."""

MOST_TEXT = 1024 * 1024
"""Bytes of a part that is not the photo: what Starlette's reader takes of one without a file name."""

_FILE_NAME = b'; filename="image"'


def is_photo(request: Request) -> bool:
    """Whether the body is a photo as it is."""
    return _media_type(request).startswith("image/")


class PhotoRoute(APIRoute):
    """A route whose form may be a photo alone; for ``Router(route_class=PhotoRoute)``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See `APIRoute.get_route_handler`; a request class of one's own is FastAPI's documented way."""
        handle = super().get_route_handler()

        async def with_photo(request: Request) -> Response:
            return await handle(_PhotoRequest(request.scope, request.receive))

        return with_photo


class _PhotoRequest(Request):
    _read_parts: FormData | None = None

    async def form(self, **limits: Any) -> FormData:  # type: ignore[override]  # is awaited only
        """The parts of the body, read once.

        Raises:
            HTTPException: 400, it is no form that can be read; 415, it is neither a form nor a photo.
        """
        if self._read_parts is None:
            kind = _media_type(self)
            if kind == "multipart/form-data":
                self._read_parts = await self._read_form(limits)
            elif kind.startswith("image/"):
                options = self.query_params.multi_items()
                self._read_parts = FormData([*options, (PHOTO, await self._read_photo())])
            elif kind or self.headers.get("content-length", "0") != "0":
                raise HTTPException(415, f"the Content-Type must be {AS_PHOTO}")
            else:
                self._read_parts = FormData()
        return self._read_parts

    async def _read_form(self, limits: dict[str, Any]) -> FormData:
        try:
            async with aclosing(self.stream()) as stream:
                return await _with_texts(await _PhotoForm(self.headers, stream, **limits).parse())
        except MultiPartException as error:
            raise HTTPException(400, f"the body is not a form that can be read: {_reason(error.message)}") from error

    async def _read_photo(self) -> UploadFile:
        file = UploadFile(tempfile.SpooledTemporaryFile(IN_MEMORY), size=0, filename=PHOTO)  # type: ignore[arg-type]  # noqa: SIM115
        try:
            async with aclosing(self.stream()) as stream:
                async for piece in stream:
                    await file.write(piece)
            await file.seek(0)
        except BaseException:
            await file.close()
            raise
        return file


class _Parts(FormData):
    """The parts of a form that have a value, and the names of those that have none."""

    empty: tuple[str, ...] = ()


def empty_parts(form: FormData) -> tuple[str, ...]:
    """Names of the parts without a value, of a form that `PhotoRoute` has read."""
    return form.empty if isinstance(form, _Parts) else ()


async def _with_texts(form: FormData) -> _Parts:
    """The form with its files as text, but for the photo; what is not text is left as it came, and refused by name.

    Raises:
        HTTPException: 400, a text is too large.
    """
    read: list[tuple[str, UploadFile | str]] = []
    try:
        for name, part in form.multi_items():
            read.append((name, await _text_of(name, part) if isinstance(part, UploadFile) and name != PHOTO else part))
    except BaseException:
        await form.close()
        raise
    parts = _Parts([(name, part) for name, part in read if part != ""])
    parts.empty = tuple(name for name, part in read if part == "")
    return parts


async def _text_of(name: str, file: UploadFile) -> UploadFile | str:
    if (file.size or 0) > MOST_TEXT:
        raise HTTPException(400, f"the part {name[:100]!a} is larger than 1 MB; the photo goes into the part {PHOTO!r}")
    try:
        text = (await file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        return file
    await file.close()
    return text


class _PhotoForm(MultiPartParser):
    """Starlette's, which would take a photo without a file name for text."""

    _field = _value = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end].lower()
        super().on_header_field(data, start, end)

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        super().on_header_value(data, start, end)

    def on_header_end(self) -> None:
        given = _parameters_of(self._value)
        # A name in "filename*" alone makes no file of a part.
        if self._field == b"content-disposition" and given.get("name") == PHOTO and "filename" not in given:
            super().on_header_value(_FILE_NAME, 0, len(_FILE_NAME))
        self._field = self._value = b""
        super().on_header_end()


def _parameters_of(disposition: bytes) -> dict[str, str]:
    pieces = (piece.partition("=") for piece in str(disposition, "latin-1").split(";")[1:])
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pieces}


def _reason(message: str) -> str:
    """Why a form cannot be read; the reader's own words are about how it reads."""
    if "boundary" in message.lower() and "missing" in message.lower():
        return "its Content-Type names no boundary"
    if "name" in message and "Content-Disposition" in message:
        return "a part has no name"
    if message.startswith("Too many"):
        return "it has too many parts"
    if "maximum size" in message:
        return "a part that is not the photo is larger than 1 MB"
    return "it breaks off, or its parts are not separated as its Content-Type says"


def _media_type(request: Request) -> str:
    headers: Headers = request.headers
    return headers.get("content-type", "").partition(";")[0].strip().lower()
