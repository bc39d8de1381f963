"""Cryptography comes from the libraries that are named, into one package, and every primitive of it is on a page."""

from __future__ import annotations

import ast
import re

from tests.contract.repository import ROOT

_LIBRARIES = {"argon2", "cryptography", "hashlib", "hmac", "http_message_signatures", "joserfc", "rbcl"}
_NEVER = {"Crypto", "OpenSSL", "bcrypt", "jwt", "nacl", "passlib", "uuid"}
_PAGE = ROOT / "docs" / "reference" / "cryptography.md"


def _imports() -> set[tuple[str, str]]:
    """(what is imported, the file) of everything in the three packages, errors apart."""
    found: set[tuple[str, str]] = set()
    for root in ("signpost", "keys", "cli"):
        for path in (ROOT / root).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names = [each.name for each in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [f"{node.module}.{each.name}" for each in node.names]
                else:
                    continue
                found |= {(name, str(path.relative_to(ROOT))) for name in names}
    return found


def test_primitives_are_imported_in_the_protocol_alone() -> None:
    """Services, edge and commands use what the protocol makes of them (ASVS 11.2.1)."""
    elsewhere = sorted(
        (name, file)
        for name, file in _imports()
        if name.partition(".")[0] in _LIBRARIES and not file.startswith("signpost/protocol/")
    )

    assert elsewhere == []
    assert [each for each in _imports() if each[0].partition(".")[0] in _NEVER] == []


def test_every_primitive_that_is_imported_is_on_the_page() -> None:
    """With its file; and nothing is on the page that is not imported (ASVS 11.1.2)."""
    imported = {
        (name, file)
        for name, file in _imports()
        if name.partition(".")[0] in _LIBRARIES and not re.search(r"(\.exceptions|\.errors)\.|Exception|Invalid", name)
    }
    listed = set(re.findall(r"(?m)^\| `([\w.]+)` \| `([\w/.]+)` \|", _PAGE.read_text(encoding="utf-8")))

    assert listed == imported


def test_chance_that_matters_is_the_operating_systems() -> None:
    """`random` is for the demo's made-up families, whose seed is a setting (ASVS 11.5.1)."""
    drawn = {file for name, file in _imports() if name.partition(".")[0] == "random"}

    assert drawn == {"cli/signpost_cli/demo/families.py"}
