"""Who imports whom: the folders are the privacy boundary, in the sources and in a running process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.repository import ROOT, python_files

# What only the tests need; a service installed from run.txt does not have it.
TEST_TOOLS = ("pytest", "hypothesis", "schemathesis", "voprf")

# What is started, and what must not be in the process afterwards.
STARTS = [
    ("signpost_keys.app", ("signpost.index", "signpost.edge", "signpost_cli")),
    ("signpost.index.app", ("signpost.edge", "signpost_keys", "signpost_cli")),
    ("signpost.edge.client", ("signpost.index", "signpost_keys", "signpost_cli")),
    ("signpost.edge.gateway.doors", ("signpost.index", "signpost_keys", "signpost_cli")),
    ("signpost_cli.main", ("signpost.index", "signpost_keys")),
]

IMPORTS_SQLITE3 = re.compile(
    r"^\s*(?:import (?:\w+, )*(?:py)?sqlite3\b|from (?:py)?sqlite3\b)"
    r"|(?:import_module|__import__)\(.(?:py)?sqlite3",
    re.MULTILINE,
)


def test_the_import_contracts_hold() -> None:
    """Every contract in pyproject.toml holds for the sources as they stand."""
    lint = Path(sys.executable).with_name("lint-imports")

    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(("module", "strangers"), STARTS, ids=[module for module, _ in STARTS])
def test_a_process_loads_nothing_of_the_others(module: str, strangers: tuple[str, ...]) -> None:
    """A process that starts one party's code has loaded no module of the parties it must not know, nor a
    tool that only the tests have.
    """
    loaded = modules_after_importing(module)

    assert module in loaded
    assert [name for name in loaded if belongs(name, strangers + TEST_TOOLS)] == []


def test_nobody_imports_sqlite3_itself() -> None:
    """SQLite is taken from sqlite_utils.utils: Python's own may be old enough to damage a database."""
    assert [str(path) for path, text in python_files() if IMPORTS_SQLITE3.search(text)] == []


def modules_after_importing(module: str) -> list[str]:
    """The names of all modules in a fresh process that has imported one."""
    code = f"import json, sys, {module}\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    names: list[str] = json.loads(result.stdout.splitlines()[-1])
    return names


def belongs(name: str, packages: tuple[str, ...]) -> bool:
    """Whether a module is one of these packages or stands inside one."""
    return any(name == package or name.startswith(package + ".") for package in packages)
