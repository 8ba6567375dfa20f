"""By which names the service answers, and what "only this machine" means.

A web page can have its own name point to 127.0.0.1 and then ask a service there, in the browser of somebody who works
at this machine (DNS rebinding). Its name stands in the header ``Host``: a service that answers this machine alone
answers by the names of this machine, that of ``--host`` and those of ``allowed_hosts``. A service with keys, or with
``--open``, answers by any name unless ``allowed_hosts`` says otherwise: a page knows no key, and what is open is open.

A proxy on this machine asks from this machine too, for everybody who asks it. Whoever comes through one is not
"this machine", and neither is a page of another site that sends a form.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from searcher.http.access.authentication import is_public
from searcher.http.access.proxies import address_in, passed_on_by
from searcher.http.problems import problem
from searcher.http.request_context import client_address, own_path
from searcher.settings import ServeSettings

PROBES = frozenset({"/livez", "/readyz"})
"""Asked by orchestrators, by whatever address they know; answers hold nothing."""

READING = frozenset({"GET", "HEAD", "OPTIONS"})

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]?#\\]+)(:\d{0,5})?")
_ONLY_HERE = "without API keys only this machine is answered"
_ASK_FOR_KEYS = "make keys with searcher keys add NAME and give the file with --keys, or let anybody ask with --open"


class Hosts:
    """Pure ASGI middleware: 421 to who asks by another name, 403 to who is not this machine where it must be."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        self.app = app
        self._here = settings.only_this_machine
        self._sites = frozenset(settings.cors_origins)
        own = {settings.serve_host.lower().strip("[]"), *settings.allowed_hosts}
        self._any = "*" in own or not (self._here or settings.allowed_hosts)
        self._names = frozenset(name for name in own if not name.startswith("*"))
        self._below = tuple(name.removeprefix("*") for name in own if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the app answer."""
        if scope["type"] != "http" or own_path(scope) in PROBES:
            await self.app(scope, receive, send)
            return
        if (wrong := self._wrong_host(scope)) is not None:
            await problem(421, wrong)(scope, receive, send)
        elif (wrong := self._not_this_machine(scope) if self._here else None) is not None:
            await problem(403, wrong)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def answers_by(self, host: str) -> bool:
        """Whether a host, without port, is a name of this service."""
        address = address_in(host)
        if self._any or host in self._names or host.endswith(self._below):
            return True
        if address is None:
            return host == "localhost"
        return address.is_loopback or not self._here or str(address) in self._names

    def _wrong_host(self, scope: Scope) -> str | None:
        if self._any:
            return None
        given = [str(value, "latin-1") for name, value in scope["headers"] if name == b"host"]
        host = host_in(given[0]) if len(given) == 1 else None
        if host is None:
            return "the request names no host, or several; send one header Host"
        if not self.answers_by(host):
            return f"this service does not answer by the name {host[:100]}; allow it with --allowed-host {host[:100]}"
        return None

    def _not_this_machine(self, scope: Scope) -> str | None:
        address = address_in(client_address(scope))
        if not is_public(own_path(scope)):
            if (name := passed_on_by(scope)) is not None:
                return f"{_ONLY_HERE}, and a proxy passed this on ({name}); {_ASK_FOR_KEYS}"
            if address is not None and not address.is_loopback:
                return f"{_ONLY_HERE}, and {address} is another; {_ASK_FOR_KEYS}"
        if scope["method"] not in READING:
            for origin in (str(value, "latin-1") for name, value in scope["headers"] if name == b"origin"):
                if not self._own_page(origin):
                    return f"a page of {origin[:100]} may not ask here; allow its site with --cors-origin"
        return None

    def _own_page(self, origin: str) -> bool:
        if origin in self._sites or "*" in self._sites:
            return True
        try:
            host = host_in(urlsplit(origin).netloc)
        except ValueError:
            return False
        return host is not None and self.answers_by(host)


def host_in(value: str) -> str | None:
    """The host of ``name:port`` or ``[::1]:port``, in lower case and without a last dot; None where there is none."""
    found = _HOST.fullmatch(value.strip().lower())
    return None if found is None else found[1].strip("[]").removesuffix(".") or None
