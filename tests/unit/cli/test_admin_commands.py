"""`signpost admin`: keys, organisations, handles and devices, against an operator's socket that keeps its contract."""

from __future__ import annotations

import http.server
import json
import os
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signpost.edge import organisation_keys
from signpost.edge.organisation_keys import load_organisation
from signpost.protocol import sealing
from signpost.protocol.encoding import to_base64url
from signpost.protocol.own_organisation import HandleFault
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.sealing import Argon2Cost
from signpost.protocol.secret import Secret
from signpost_cli.main import run
from tests.support.askers import new_key

HANDLE = "R5A0-2GTB"
WORDS = "four words of a test"


class Operator:
    """The index's operator socket: it checks what it is sent and remembers it."""

    def __init__(self) -> None:
        self.key = new_key()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.organisations: dict[str, dict[str, Any]] = {}
        self.handles: list[dict[str, Any]] = []
        self.wrong: list[dict[str, Any]] = []
        self.exception: dict[str, Any] | None = None

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((path, body))
        match path:
            case "/organisations" if body:
                if body["organisation"] in self.organisations:
                    raise Problem(ProblemCode.ALREADY_EXISTS)
                self.organisations[body["organisation"]] = body
                return {}
            case "/organisations":
                shown = [
                    {name: each[name] for name in ("organisation", "kind")} for each in self.organisations.values()
                ]
                return {"organisations": shown}
            case "/handles":
                if body["organisation"] not in self.organisations:
                    raise Problem(ProblemCode.ORGANISATION_UNKNOWN)
                self.handles.append({"handle": HANDLE, **body})
                return {"handle": HANDLE}
            case "/handles/list":
                return {"handles": [{k: v for k, v in each.items() if k != "organisation"} for each in self.handles]}
            case "/exceptions" if body:
                assert self.exception is not None
                return self.exception
            case "/exceptions":
                return {"exceptions": [self.exception] if self.exception else []}
            case "/exceptions/end" | "/exceptions/refuse":
                return {}
            case "/handles/check":
                return {"handles": self.wrong}
            case "/handles/change" | "/handles/confirm" | "/handles/hand-over" | "/revocations":
                return {}
        raise Problem(ProblemCode.NOT_FOUND)


class _SocketServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> Any:
        request, _ = super().get_request()
        return request, ("local", 0)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    operator = Operator()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has in the library
            pass

        def _reply(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                status, answered = 200, dict(operator.answer(self.path, json.loads(raw or b"{}")))
            except Problem as problem:
                status, answered = problem.status, problem.document()
            body = json.dumps(answered).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _reply  # noqa: N815 - the names the library calls

    (tmp_path / "data").mkdir()
    with _SocketServer(str(tmp_path / "data" / "operator.sock"), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield operator
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _cheap_argon2(monkeypatch: pytest.MonkeyPatch) -> None:
    def cheaply(value: Secret, *, passphrase: Secret, salt: bytes, purpose: str) -> bytes:
        cost = Argon2Cost(memory_kib=8, passes=1, lanes=1)
        return sealing.seal_with_passphrase(value, passphrase=passphrase, salt=salt, purpose=purpose, cost=cost)

    monkeypatch.setattr(organisation_keys, "seal_with_passphrase", cheaply)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a passphrase file, the index's settings, a manifest, and nothing else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "passphrase").touch(mode=0o600)
    (tmp_path / "passphrase").write_text(WORDS + "\n")
    (tmp_path / "index.toml").write_text('data_dir = "data"\nport = 1\n')
    return tmp_path


def new_keys() -> int:
    return run(["admin", "org", "key", "new", "north-council", "--kind", "council", "--out", "keys", *PASSPHRASE])


PASSPHRASE = ("--passphrase-file", "passphrase")
SETTINGS = ("--settings", "index.toml")


def test_keys_are_made_shown_backed_up_and_restored(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new_keys() == 0
    made = load_organisation(here / "keys")
    assert made.signing_key.text in capsys.readouterr().out

    assert run(["admin", "org", "key", "show", "--org-keys", "keys", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": "signpost.organisation/1",
        "organisation": "north-council",
        "kind": "council",
        "signing_key": made.signing_key.text,
        "sealing_key": made.sealing_key.text,
        "key_fingerprint": made.signing_key.thumbprint(),
    }
    assert run(["admin", "org", "key", "backup", "--org-keys", "keys", "--out", "backup", *PASSPHRASE]) == 0
    assert run(["admin", "org", "key", "restore", "backup", "--out", "again", *PASSPHRASE]) == 0
    assert load_organisation(here / "again") == made


@pytest.mark.parametrize("name", ["North Council", "n", "north_council", "1north"])
def test_a_name_that_is_none_makes_no_keys(name: str, here: Path) -> None:
    assert run(["admin", "org", "key", "new", name, "--kind", "council", "--out", "keys", *PASSPHRASE]) == 2
    assert not (here / "keys").exists()


def test_an_organisation_is_admitted_by_its_own_key(
    here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    new_keys()

    assert run(["admin", "org", "add", "keys/organisation.json", *SETTINGS]) == 0

    made = load_organisation(here / "keys")
    assert operator.asked == [
        (
            "/organisations",
            {"organisation": "north-council", "kind": "council", "signing_key": made.signing_key.text},
        )
    ]
    capsys.readouterr()
    assert run(["admin", "org", "list", "--operator-socket", "data/operator.sock"]) == 0
    assert capsys.readouterr().out == "north-council  council\n"


def test_what_the_operator_refuses_is_told_in_our_words(
    here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    new_keys()
    run(["admin", "org", "add", "keys/organisation.json", *SETTINGS])

    assert run(["admin", "org", "add", "keys/organisation.json", *SETTINGS]) == 1
    assert "There is one of that name already." in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), (*SETTINGS, "--operator-socket", "data/operator.sock")])
def test_the_index_is_named_in_one_way(arguments: tuple[str, ...], here: Path) -> None:
    assert run(["admin", "org", "list", *arguments]) == 2


def test_an_index_that_does_not_run_is_told_with_how_to_start_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["admin", "org", "list", *SETTINGS]) == 1
    assert "signpost serve index" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "data_dir", "port = 1"])
def test_settings_that_name_no_data_folder_are_refused(text: str, here: Path) -> None:
    (here / "index.toml").write_text(text)

    assert run(["admin", "org", "list", *SETTINGS]) == 2


def test_a_handle_is_added_and_listed(here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    contact = ["--title", "Front Door", "--telephone", "0113 496 0001"]
    new_keys()
    run(["admin", "org", "add", "keys/organisation.json", *SETTINGS])
    capsys.readouterr()

    assert run(["admin", "handle", "add", "north-council", *contact, *SETTINGS]) == 0
    assert capsys.readouterr().out == f"{HANDLE}\n"
    assert operator.asked[-1][1] == {
        "organisation": "north-council",
        "title": "Front Door",
        "telephone": "0113 496 0001",
        "email": None,
        "hours": None,
        "out_of_hours": None,
        "consent_only": False,
        "privacy_office": False,
    }
    assert run(["admin", "handle", "list", "north-council", *SETTINGS]) == 0
    assert capsys.readouterr().out == f"{HANDLE}  Front Door  0113 496 0001\n"


def test_a_handle_of_an_unknown_organisation_is_told_with_how_to_admit_it(
    here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    contact = ["--title", "Front Door", "--telephone", "0113 496 0001"]

    assert run(["admin", "handle", "add", "north-council", *contact, *SETTINGS]) == 1
    assert "signpost admin org add ORGANISATION.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "path", "sent"),
    [
        (["change", "--telephone", "0113 496 0002"], "change", {"telephone": "0113 496 0002"}),
        (["change", "--email", "", "--hours", "Mon-Fri"], "change", {"email": None, "hours": "Mon-Fri"}),
        (["hand-over", "--to", "7QH2-K0PX"], "hand-over", {"to": "7QH2-K0PX"}),
        (["hand-over", "--back"], "hand-over", {"to": None}),
    ],
)
def test_a_handle_is_changed_and_handed_over(
    typed: list[str], path: str, sent: dict[str, Any], here: Path, operator: Operator
) -> None:
    """What is not named is not sent, and so stays."""
    command, *options = typed

    assert run(["admin", "handle", command, "north-council", HANDLE, *options, *SETTINGS]) == 0
    assert operator.asked == [(f"/handles/{path}", {"organisation": "north-council", "handle": HANDLE, **sent})]


def test_handles_are_confirmed_together(here: Path, operator: Operator) -> None:
    assert run(["admin", "handle", "confirm", "north-council", HANDLE, "7QH2-K0PX", *SETTINGS]) == 0
    assert operator.asked[-1][1] == {"organisation": "north-council", "handles": [HANDLE, "7QH2-K0PX"]}


@pytest.mark.parametrize(
    "typed",
    [
        ["add", "north-council", "--title", "Front Door"],
        ["change", "north-council", HANDLE],
        ["change", "north-council", HANDLE, "--title", ""],
        ["change", "north-council", HANDLE, "--telephone", "none"],
        ["hand-over", "north-council", HANDLE],
        ["hand-over", "north-council", HANDLE, "--to", "7QH2-K0PX", "--back"],
        ["confirm", "north-council"],
    ],
)
def test_what_says_nothing_of_a_handle_is_refused_with_nothing_sent(
    typed: list[str], here: Path, operator: Operator
) -> None:
    assert run(["admin", "handle", *typed, *SETTINGS]) == 2
    assert operator.asked == []


def test_the_check_ends_with_five_where_something_is_wrong(
    here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line for each fault; as JSON too."""
    assert run(["admin", "handle", "check", *SETTINGS]) == 0
    assert capsys.readouterr() == ("", "Nothing is wrong with any handle.\n")

    wrong = {"organisation": "north-council", "handle": HANDLE, "title": "Front Door", "confirmed_on": "2025-01-02"}
    operator.wrong = [wrong | {"faults": ["unconfirmed", "no-fallback"]}]

    assert run(["admin", "handle", "check", "north-council", *SETTINGS]) == 5
    assert capsys.readouterr().out.splitlines() == [
        f"north-council  {HANDLE}  Front Door  may be wrong: nobody has confirmed it for 104 days or more",
        f"north-council  {HANDLE}  Front Door  has no handle for out of hours",
    ]
    assert run(["admin", "handle", "check", "--json", *SETTINGS]) == 5
    assert json.loads(capsys.readouterr().out)["handles"] == operator.wrong


@pytest.mark.parametrize("fault", HandleFault)
def test_every_fault_of_the_index_has_its_words(
    fault: HandleFault, here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {"organisation": "north-council", "handle": HANDLE, "title": "Front Door", "faults": [fault.value]}
    operator.wrong = [wrong]

    assert run(["admin", "handle", "check", *SETTINGS]) == 5
    assert fault.value not in capsys.readouterr().out


@pytest.mark.parametrize("telephone", ["abc", "0113 496 0001 ext. 4", "", "+ ()", "12"])
def test_a_telephone_number_is_one(telephone: str, here: Path, operator: Operator) -> None:
    contact = ["--title", "Front Door", "--telephone", telephone]

    assert run(["admin", "handle", "add", "north-council", *contact, *SETTINGS]) == 2
    assert operator.asked == []


def test_what_was_taken_back_is_said_and_what_could_not_be_checked(
    here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    name = to_base64url(bytes(16))
    account = ["--organisation", "north-council", "--account", "ae-desk-1"]

    assert run(["admin", "device", "revoke", *account, *SETTINGS]) == 0
    assert "Taken back: north-council/ae-desk-1, with all its devices." in capsys.readouterr().err
    assert run(["admin", "device", "revoke", "--certificate", name, *SETTINGS]) == 0
    shown = capsys.readouterr().err
    assert f"Taken back: certificate {name}." in shown
    assert "cannot be checked" in shown
    assert run(["admin", "device", "revoke", "--certificate", "ae-desk-1", *SETTINGS]) == 2
    assert len([path for path, _ in operator.asked if path == "/revocations"]) == 2


def test_a_device_or_an_account_is_taken_back(here: Path, operator: Operator) -> None:
    name = to_base64url(bytes(16))
    account = ["--organisation", "north-council", "--account", "ae-desk-1"]

    for named in (["--certificate", name], account):
        assert run(["admin", "device", "revoke", *named, *SETTINGS]) == 0

    assert [body for path, body in operator.asked if path == "/revocations"] == [
        {"certificate_identifier": name, "organisation": None, "account": None},
        {"certificate_identifier": None, "organisation": "north-council", "account": "ae-desk-1"},
    ]
    for unclear in ([], ["--organisation", "north-council"], ["--certificate", name, *account]):
        assert run(["admin", "device", "revoke", *unclear, *SETTINGS]) == 2


def test_no_passphrase_or_key_is_ever_shown(here: Path, operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    new_keys()
    run(["admin", "org", "add", "keys/organisation.json", *SETTINGS])
    run(["admin", "org", "key", "show", "--org-keys", "keys"])

    shown = "".join(capsys.readouterr())
    for secret in (here / "keys" / "reference.key", here / "keys" / "sealing.key"):
        assert to_base64url(secret.read_bytes()) not in shown
    assert WORDS not in shown
    assert os.environ.get("SIGNPOST_PASSPHRASE") is None
