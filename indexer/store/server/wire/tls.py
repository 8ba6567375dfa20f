"""TLS: whose certificates are trusted, and what is wrong where an address and what its port speaks do not fit.

Neither httpx nor gRPC says the latter in words that help, and each says it in others. So where a connection fails that
never worked, the port is asked once by a handshake of our own.
"""

from __future__ import annotations

import re
import socket
import ssl
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from indexer.errors import UsageError

PATIENCE = 3.0
"""Seconds for each step of a handshake that is to say what is wrong."""

_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_NOT_YET, _EXPIRED, _OTHER_NAMES = 9, 10, (62, 64)
"""X509_V_ERR_… of OpenSSL's x509_vfy.h; the last two are of a host and of an IP address."""
_H2_BEGIN = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
"""The preface of a client and empty settings, RFC 9113 3.4."""
_H2_SETTINGS = 4


def read_authority(path: Path) -> bytes:
    """The certificates of a file, in PEM.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    try:
        found = _CERTIFICATE.findall(path.read_bytes())
    except OSError as error:
        raise UsageError(f"JEWELRY_QDRANT_CA={path}: cannot be read ({error.strerror or error})") from None
    if not found:
        raise UsageError(f"JEWELRY_QDRANT_CA={path}: holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
    pem = b"\n".join(found) + b"\n"
    try:
        ssl.create_default_context(cadata=pem.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        reason = getattr(error, "reason", None) or "it is damaged"
        raise UsageError(f"JEWELRY_QDRANT_CA={path}: its certificate cannot be read ({reason})") from None
    return pem


def trusting(authority: bytes | None, url: str) -> ssl.SSLContext:
    """What an address's certificate is held against: an authority alone, else the public ones or ``SSL_CERT_FILE``."""
    if not url.startswith("https:"):  # needs none, and to read the public ones takes longer than a question
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if authority is None:
        return httpx.create_ssl_context()
    return ssl.create_default_context(cadata=authority.decode("ascii"))


def is_exposed(url: str) -> bool:
    """Whether what is sent to an address can be read on the way: plain http, and not to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        near = ip_address(host).is_loopback
    except ValueError:
        near = host == "localhost" or host.endswith(".localhost")
    return not near and not url.startswith("https:")


def in_tls(error: BaseException | None) -> ssl.SSLError | None:
    """The fault of TLS below another one."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__ or getattr(error, "source", None)
    return None


def misfit(url: str, port: int, context: ssl.SSLContext, *, grpc: bool, authority: Path | None) -> str | None:
    """What is wrong between an address and what its port speaks, in words; None where they fit or nobody answers.

    Args:
        url: the address.
        port: the port that is meant: gRPC's is not the address's.
        context: what its certificate is held against.
        grpc: HTTP/2 is spoken there, else HTTP/1.1.
        authority: the file that ``context`` was made of, for the words.
    """
    host = urlsplit(url).hostname or ""
    try:
        if not url.startswith("https:"):
            return "this port speaks TLS; write https://" if _speaks_tls(host, port, grpc) else None
        _shake_hands(host, port, context, grpc)
    except ssl.SSLCertVerificationError as error:
        return certificate_words(error, host, authority)
    except (ssl.SSLError, ConnectionError, TimeoutError) as error:
        if _speaks_plainly(host, port, grpc):
            return "this port speaks no TLS; write http://"
        return handshake_words(error) if isinstance(error, ssl.SSLError) else None
    except (OSError, ValueError):
        return None
    return None


def certificate_words(error: ssl.SSLCertVerificationError, host: str, authority: Path | None) -> str:
    """Why a certificate is refused, and what to do."""
    if error.verify_code == _EXPIRED:
        return "the certificate has expired; renew it on the server"
    if error.verify_code == _NOT_YET:
        return "the certificate is not valid yet; check the clocks of both machines"
    if error.verify_code in _OTHER_NAMES:
        return f"the certificate is of another name than {host}; write the address by a name that stands in it"
    why = error.verify_message.rstrip(".") or "no reason given"
    if authority is None:
        return f"the certificate is not trusted ({why}); set JEWELRY_QDRANT_CA to the file of its authority"
    return f"the certificate is not trusted ({why}); JEWELRY_QDRANT_CA={authority} is not the file of its authority"


def handshake_words(error: ssl.SSLError) -> str | None:
    """A handshake that the server refused; None where it was only cut."""
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or not error.reason:
        return None
    return f"TLS is refused ({error.reason.replace('_', ' ').lower()}); check the server's TLS settings"


def _shake_hands(host: str, port: int, context: ssl.SSLContext, grpc: bool) -> None:
    context.set_alpn_protocols(["h2" if grpc else "http/1.1"])
    with (
        socket.create_connection((host, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host),
    ):
        pass


def _speaks_tls(host: str, port: int, grpc: bool) -> bool:
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    try:
        _shake_hands(host, port, anybody, grpc)
    except OSError:  # an ssl.SSLError is one
        return False
    return True


def _speaks_plainly(host: str, port: int, grpc: bool) -> bool:
    try:
        with socket.create_connection((host, port), PATIENCE) as plain:
            plain.sendall(
                _H2_BEGIN if grpc else f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
            )
            begin = plain.recv(9)
    except OSError:
        return False
    return begin[3:4] == bytes([_H2_SETTINGS]) if grpc else begin.startswith(b"HTTP/")
