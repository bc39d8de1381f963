"""What a key holder needs of an index: a revocation list, signed and fresh at every request."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from signpost.protocol.keys import SigningKey
from signpost.protocol.revocation import RevocationList
from tests.support.askers import new_key

__all__ = ["FakeIndex"]


class FakeIndex(ThreadingHTTPServer):
    """On a loopback port, in a thread of its own. `key` is its credential key; `certificates` those it has revoked."""

    def __init__(self) -> None:
        self.key: SigningKey = new_key()
        self.certificates: frozenset[str] = frozenset()
        super().__init__(("127.0.0.1", 0), _Answering)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, FakeIndex)
        token = RevocationList.of(int(time.time()), certificates=self.server.certificates).sign(self.server.key)
        body = json.dumps({"list": token}).encode()
        self.send_response(200 if self.path == "/v1/revocations" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - its name in the standard library
        pass
