"""An authority of a shop's own, made for a test, and the certificates it signs."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Certificate:
    """A server's key and certificate, in PEM."""

    key: bytes
    certificate: bytes

    def context(self, folder: Path) -> ssl.SSLContext:
        """What a server of Python serves it with; ``folder`` takes the files."""
        (folder / "server.key").write_bytes(self.key)
        (folder / "server.pem").write_bytes(self.certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        return context


class Authority:
    """Signs certificates of servers; ``pem`` is what its users trust."""

    def __init__(self, name: str = "The shop's authority") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named(name)
        self._own = self._sign(self._key, self._name, timedelta(days=30), authority=True)
        self.pem = self._own.public_bytes(serialization.Encoding.PEM)

    def certificate(self, host: str = "127.0.0.1", *, ends: timedelta = timedelta(days=10)) -> Certificate:
        """For a host name or an IP address, until so long from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        return self._server(key, self._sign(key, _named(host), ends, host))

    def of_itself(self, host: str) -> Certificate:
        """A server's own, which no authority signed, as ``openssl req -x509`` makes it."""
        return self._server(self._key, self._sign(self._key, self._name, timedelta(days=10), host, authority=True))

    @staticmethod
    def _server(key: ec.EllipticCurvePrivateKey, signed: x509.Certificate) -> Certificate:
        plain = serialization.NoEncryption()
        return Certificate(
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain),
            signed.public_bytes(serialization.Encoding.PEM),
        )

    def _sign(
        self,
        key: ec.EllipticCurvePrivateKey,
        name: x509.Name,
        ends: timedelta,
        host: str = "",
        *,
        authority: bool = False,
    ) -> x509.Certificate:
        now, own = datetime.now(UTC), self._key.public_key()
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=20))
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
            .add_extension(_usage(authority), critical=True)
        )
        if host:
            try:
                known: x509.GeneralName = x509.IPAddress(ip_address(host))
            except ValueError:
                known = x509.DNSName(host)
            made = made.add_extension(x509.SubjectAlternativeName([known]), critical=False)
        return made.sign(self._key, hashes.SHA256())


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
