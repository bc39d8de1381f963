"""The gateway's pages as a browser asks for them: signed in once, then the form and the answer to it, again and again.

It keeps its cookies itself: a client library sends no `Secure` cookie over loopback's plain HTTP, as a browser does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import httpx2

from tests.support.browsing import FROM_HERE, PIN, forms_of

__all__ = ["Visitor", "Weight"]

_FILES = re.compile(r'(?:href|src)="(/(?:assets|own)/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of a page, and of the style sheet, scripts and pictures that a browser then keeps for an hour."""

    page: int
    files: int


@dataclass
class Visitor:
    """Somebody's browser, without scripts."""

    client: httpx2.Client
    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self, account: str, password: str, code: str) -> None:
        """Sign in, and choose a PIN."""
        self.send(self.open("/sign-in"), "/sign-in", {"account": account, "password": password, "code": code})
        self.send(self.open("/pin"), "/pin", {"pin": PIN, "again": PIN})

    def open(self, path: str) -> httpx2.Response:
        """A page, for its forms."""
        return self._ask("GET", path, None)

    def send(self, page: httpx2.Response, action: str, given: Mapping[str, str]) -> httpx2.Response:
        """The page's form that goes there, filled in; what it is answered.

        Raises:
            RuntimeError: it was refused.
        """
        form = next(each for each in forms_of(page) if each.action == action)
        # Of each form a session remembers its answer for ten minutes, of 200 at most: nobody types so many.
        kept = [(name, value) for name, value in form.fields if name not in given and name != "once"]
        fields = [*kept, *given.items()]
        answer = self._ask("POST", action, urlencode(fields).encode())
        if answer.status_code not in (200, 303):
            raise RuntimeError(f"{action} answered {answer.status_code}")
        return answer

    def weight(self, path: str) -> Weight:
        """What is loaded for a page by a browser that has nothing of it."""
        page = self.open(path)
        files = sorted(set(_FILES.findall(page.text)))
        return Weight(len(page.content), sum(len(self.open(file).content) for file in files))

    def _ask(self, method: str, path: str, body: bytes | None) -> httpx2.Response:
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers |= {**FROM_HERE, "content-type": "application/x-www-form-urlencoded"}
        answer = self.client.request(method, path, headers=headers, content=body)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer
