"""A browser without scripts: it keeps cookies, follows redirects, and fills in the forms that it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx2

from tests.support.whole_gateway import User, WholeGateway

__all__ = ["PIN", "Browser", "Form", "forms_of", "text_of", "title_of"]

PIN = "314159"
HOST = "gateway.example"
FROM_HERE = {"sec-fetch-site": "same-origin", "origin": "null"}
"""What a browser says of a form that a page without a referrer sends to its own origin."""


@dataclass
class Form:
    """A form as it was shown: where it goes, and what it would send as it stands."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """Of every field, those that nothing stands in yet included."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.title = ""
        self._in: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append(Form(str(given["action"]), str(given.get("method"))))
        elif tag in ("input", "textarea", "select") and self.forms:
            name = given.get("name") or ""
            self.forms[-1].names.add(name)
            if given.get("type") not in ("radio", "checkbox", "file") or "checked" in given:
                self.forms[-1].fields.append((name, given.get("value") or ""))
        elif tag == "button" and self.forms and given.get("name"):
            self.forms[-1].names.add(str(given["name"]))  # pressed by whoever sends it
        if tag not in ("input", "meta", "link", "br", "img", "hr"):
            self._in.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._in:
            while self._in.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "title" in self._in and "svg" not in self._in:
            self.title += data
        elif not {"script", "style"} & set(self._in):
            self.words.append(data)


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    return reader


def forms_of(page: httpx2.Response) -> list[Form]:
    """The forms of a page."""
    return _read(page.text).forms


def title_of(page: httpx2.Response) -> str:
    """Its title."""
    return _read(page.text).title.strip()


def text_of(page: httpx2.Response) -> str:
    """What a person reads on it, its spaces made one each."""
    return " ".join(" ".join(_read(page.text).words).split())


class Browser:
    """Of one person at one gateway."""

    def __init__(self, gateway: WholeGateway) -> None:
        self.gateway = gateway
        self.cookies: dict[str, str] = {}
        self.page: httpx2.Response
        self.seen: list[httpx2.Response] = []
        """Every answer, redirects included."""

    def open(self, path: str) -> httpx2.Response:
        """The page at an address, or where it leads."""
        return self._follow(self.ask("GET", path))

    def send(self, action: str, fields: Mapping[str, str] | None = None) -> httpx2.Response:
        """The form of the page on the screen that goes there, with these fields filled in."""
        form = next(each for each in forms_of(self.page) if each.action == action)
        given = dict(fields or {})
        assert given.keys() <= form.names, given.keys() - form.names
        filled = [(name, value) for name, value in form.fields if name not in given]
        return self._follow(self.ask("POST", action, [*filled, *given.items()]))

    def ask(
        self, method: str, path: str, fields: list[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:  # fmt: skip
        """One request, with this browser's cookies; its answer as it is."""
        sent = {"sec-fetch-site": "none"} if fields is None else FROM_HERE
        return self.gateway.index.run(self._asked(method, path, fields, sent if headers is None else headers))

    async def _asked(
        self, method: str, path: str, fields: list[tuple[str, str]] | None, headers: Mapping[str, str]
    ) -> httpx2.Response:
        named = {**headers, "host": HOST}
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        content = None
        if fields is not None:
            named.setdefault("content-type", "application/x-www-form-urlencoded")
            content = urlencode(fields).encode()
        road = httpx2.ASGITransport(app=self.gateway.app)
        async with httpx2.AsyncClient(transport=road, base_url=f"https://{HOST}") as client:
            answer = await client.request(method, path, headers=named, content=content)
        for line in answer.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            if "Max-Age=0" in rest:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = rest.partition(";")[0]
        self.seen.append(answer)
        return answer

    def _follow(self, answer: httpx2.Response) -> httpx2.Response:
        for _ in range(5):
            if answer.status_code != 303:
                break
            answer = self.ask("GET", answer.headers["location"])
        self.page = answer
        return answer

    def sign_in(self, user: User, *, pin: str = PIN) -> httpx2.Response:
        """Somebody signed in, with a PIN; the first page of their role."""
        self.open("/sign-in")
        code = self.gateway.code(user)
        self.send("/sign-in", {"account": str(user.account), "password": user.password, "code": code})
        return self.send("/pin", {"pin": pin, "again": pin})
