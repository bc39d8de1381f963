"""Where a service listens, and the doubts on which it does not.

- The public address is an IP address, or `localhost`, which is 127.0.0.1: a name can come to mean another machine.
- Beyond loopback there is always TLS. `0.0.0.0` and `::` are beyond.
- The key of the certificate is 0600 and has no passphrase (there is nobody to type it).
- The admin socket is 0600 in a folder that is 0700. A socket left by a killed process is removed; one that somebody
  serves is not, and the start is refused.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signpost.service.files import alone_in, refuse_unless_private
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["PublicAddress", "Tls", "admin_socket", "public_socket", "tls_context"]

_BACKLOG: Final = 512
"""Connections that may wait to be accepted."""

_LONGEST_SOCKET_PATH: Final = 107
"""Bytes: what `sun_path` holds on Linux, without its closing zero."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate (with its chain) and its key: two PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Where everybody asks. Port 0 lets the operating system choose (tests)."""

    host: str
    port: int
    tls: Tls | None = None


def public_socket(address: PublicAddress) -> socket.socket:
    """A listening TCP socket.

    Raises:
        StartRefused: ADDRESS_MALFORMED, CERTIFICATE_REQUIRED or ADDRESS_UNAVAILABLE.
    """
    try:
        ip = ipaddress.ip_address("127.0.0.1" if address.host == "localhost" else address.host)
    except ValueError:
        raise StartRefused(RefusalCode.ADDRESS_MALFORMED, details=("host",)) from None
    if not 0 <= address.port <= 65535:
        raise StartRefused(RefusalCode.ADDRESS_MALFORMED, details=("port",))
    if address.tls is None and not ip.is_loopback:
        raise StartRefused(RefusalCode.CERTIFICATE_REQUIRED)
    listening = socket.socket(socket.AF_INET if ip.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    try:
        # After a restart the old connections may still be closing; another listener is refused all the same.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((str(ip), address.port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise StartRefused(RefusalCode.ADDRESS_UNAVAILABLE) from error
    return listening


def tls_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 for a server: every client of ours speaks it.

    Raises:
        StartRefused: CERTIFICATE_REFUSED; or the key file is missing or open to others.
    """
    refuse_unless_private(tls.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        # Without a password given, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(tls.certificate, tls.key, password=b"")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise StartRefused(RefusalCode.CERTIFICATE_REFUSED, path=tls.certificate) from error
    return context


@contextlib.contextmanager
def admin_socket(path: Path) -> Iterator[socket.socket]:
    """A listening Unix socket for as long as the context lasts. The folder is this process's meanwhile.

    Raises:
        StartRefused: FOLDER_OPEN_TO_OTHERS, SOCKET_PATH_TOO_LONG, ALREADY_RUNNING or ADDRESS_UNAVAILABLE.
    """
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise StartRefused(RefusalCode.SOCKET_PATH_TOO_LONG, path=path)
    with alone_in(path.parent):  # it decides between two that start at once
        listening = _bound(path)
        try:
            yield listening
        finally:
            listening.close()
            path.unlink(missing_ok=True)


def _bound(path: Path) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise StartRefused(RefusalCode.ADDRESS_UNAVAILABLE, path=path) from error
    finally:
        os.umask(before)
    return listening


def _remove_stale(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise StartRefused(RefusalCode.ADDRESS_UNAVAILABLE, path=path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            try:
                caller.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()  # whoever made it is gone
                return
        raise StartRefused(RefusalCode.ALREADY_RUNNING, path=path)
