"""Who may ask: API keys in a header, checked before a byte of the body is read; no key in an address, ever.

Pictures can be seen by a signed address too, which is good for nothing else.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import unquote_plus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from indexer.errors import JewelryError, UsageError
from indexer.system.text import one_line
from searcher.http.access.keys import KeyFile, Keys
from searcher.http.access.signatures import Signer, presented, signed_by, signer
from searcher.http.problems import problem
from searcher.http.request_context import Caller, caller_of, own_path
from searcher.settings import ServeSettings

PUBLIC = frozenset({"/", "/review", "/favicon.ico", "/livez", "/readyz", "/openapi.json"})
"""Paths that need no key; everything else does, also what does not exist."""

PUBLIC_FOLDER = "/static/"
SECRET_PARAMETERS = frozenset(
    {"api_key", "apikey", "api-key", "x-api-key", "key", "token", "access_token", "authorization"}
)
MANY_PARAMETERS = 1000

log = logging.getLogger(__name__)


def check_exposure(settings: ServeSettings) -> None:
    """Refuse to answer the network without keys, unless that was asked for.

    Raises:
        UsageError: no keys, an address beyond this machine, and no ``open``; or a key file without keys.
    """
    if settings.keys is not None:
        if not KeyFile(settings.keys).keys():
            make = f"searcher keys add NAME --keys {settings.keys}"
            raise UsageError(f"{settings.keys}: holds no API keys; make one with: {make}")
    elif not (settings.loopback or settings.open):
        raise UsageError(
            f"without API keys only this machine may ask, but {settings.serve_host} is open to others; make keys with "
            "searcher keys add NAME and give the file with --keys, or let anybody ask with --open"
        )


def is_public(path: str) -> bool:
    """Whether a path needs no key."""
    return path in PUBLIC or (path.startswith(PUBLIC_FOLDER) and ".." not in path)


class Authentication:
    """Pure ASGI middleware: finds out who asks, and answers 400, 401 or 503 in place of the app.

    Without a key file everybody may read. Admin routes always need an admin key, also on this machine: a proxy in
    front, or a web page in a browser here, asks from this machine as well.
    """

    def __init__(self, app: ASGIApp, keys: Keys | None, lifetime: int = 3600) -> None:
        """See the class; ``lifetime``: seconds for which signed addresses of pictures can be used."""
        self.app, self.keys, self.lifetime = app, keys, lifetime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            caller = self._caller(scope)
        except HTTPException as refusal:
            response = problem(refusal.status_code, refusal.detail, headers=refusal.headers)
            await response(scope, receive, send)
            return
        except JewelryError as error:
            log.error("the API keys cannot be read: %s", one_line(error))
            response = problem(503, "API keys cannot be checked at the moment", kind="keys-unavailable")
            await response(scope, receive, send)
            return
        if caller is not None:
            scope.setdefault("state", {})["caller"] = caller
        try:
            await self.app(scope, receive, send)
        finally:
            signer.set(None)

    def _caller(self, scope: Scope) -> Caller | None:
        signer.set(None)
        _refuse_secrets_in_the_address(scope["query_string"])
        if self.keys is None:
            return Caller(None, "read")
        if is_public(own_path(scope)):
            return None
        token = _presented(scope)
        if token is None and (signature := presented(own_path(scope), scope["query_string"])) is not None:
            return self._holder(scope, signature)
        if token is None:
            raise _unauthorized("an API key is needed; send it as: Authorization: Bearer KEY")
        key = self.keys.find(token)
        if key is None:
            raise _unauthorized("this API key is not known here; it may have been revoked")
        signer.set(Signer(key, self.lifetime))
        return Caller(key.id, key.scope, key.rate, key.name)

    def _holder(self, scope: Scope, signature: dict[str, str]) -> Caller:
        """Who has the signed address of a picture: nobody in particular, who may see it."""
        assert self.keys is not None  # noqa: S101
        key = signed_by(own_path(scope), signature, self.keys, self.lifetime, time.time())
        if isinstance(key, str):
            raise HTTPException(403, key)
        return Caller(key.id, "read", None, key.name, by_address=True)


async def require_admin(request: Request) -> None:
    """Dependency of admin routes: ``dependencies=[Depends(require_admin)]``; answers 403 to everybody else."""
    caller = caller_of(request.scope)
    if caller is None or caller.scope != "admin":
        raise HTTPException(403, "this needs a key of scope admin; make one with: searcher keys add NAME --scope admin")


def _presented(scope: Scope) -> str | None:
    found: set[str] = set()
    for name, value in scope["headers"]:
        if name == b"x-api-key":
            found.add(str(value, "latin-1").strip())
        elif name == b"authorization":
            scheme, _, credentials = str(value, "latin-1").strip().partition(" ")
            if scheme.lower() != "bearer":
                raise _unauthorized("this service takes API keys only; send one as: Authorization: Bearer KEY")
            found.add(credentials.strip())
    if len(found) > 1:
        raise HTTPException(400, "several different API keys are given; send one")
    return found.pop() if found else None


def _refuse_secrets_in_the_address(query: bytes) -> None:
    """Addresses end up in the logs of proxies and in browsers' histories: who sends a key there must notice."""
    if not query:
        return
    pairs = query.split(b"&", MANY_PARAMETERS)
    if len(pairs) > MANY_PARAMETERS:
        raise HTTPException(400, f"the address has more than {MANY_PARAMETERS} parameters")
    for pair in pairs:
        name = unquote_plus(str(pair.partition(b"=")[0], "latin-1")).strip().lower()
        if name in SECRET_PARAMETERS:
            raise HTTPException(
                400,
                f"the parameter {name} is refused: keys do not belong into addresses, which are logged on their "
                "way; send it as: Authorization: Bearer KEY, and replace the key",
            )


def _unauthorized(detail: str) -> HTTPException:
    return HTTPException(401, detail, {"www-authenticate": "Bearer"})
