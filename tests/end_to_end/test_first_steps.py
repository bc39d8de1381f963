"""The tutorial's commands do what the tutorial says, typed from its page."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from signpost_cli.demo.world import free_ports
from tests.contract.repository import ROOT

_PAGE = ROOT / "docs" / "tutorial" / "first-steps.md"
_PORTS = ("8400", "8401", "8402", "8403")
_SECONDS = 300


@pytest.fixture(scope="module")
def typed() -> Iterator[str]:
    """Everything that the tutorial's commands printed, in order, when they were run one after another."""
    # A short path: the services' local sockets stand in it.
    with tempfile.TemporaryDirectory(prefix="steps-") as folder:
        try:
            yield _run(_script(), Path(folder))
        finally:
            for file in Path(folder).glob("*/*/pid"):
                with contextlib.suppress(OSError, ValueError):
                    os.kill(int(file.read_text()), signal.SIGKILL)


def _script() -> str:
    """The page's commands, on ports that are free now."""
    text = _PAGE.read_text(encoding="utf-8")
    # The page names a holder's port by its number.
    names = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
    holders = " ".join(names[port] for port in _PORTS[1:])
    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", text, re.DOTALL))
    script = blocks.replace("840$n", "${port[$n]}").replace("8400", names["8400"])
    return f"set -eu\nport=(0 {holders})\n{script}"


def _run(script: str, folder: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    printed = folder / "printed"
    # A file, not a pipe: the services that the script leaves running would hold a pipe open for ever.
    with printed.open("w") as output:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            env={**os.environ, "PATH": path, "TMPDIR": str(folder), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    assert done.returncode == 0, printed.read_text()
    return printed.read_text()


def test_the_tutorial_comes_to_its_end_with_the_answers_it_promises(typed: str) -> None:
    """Registered, asked, a holder lost and brought back: each answer as the page gives it, in its order."""
    answers = re.findall(r"(?m)^(CURRENT|PREVIOUS|POSSIBLE|NONE) ", typed)

    assert answers == ["CURRENT", "PREVIOUS", "NONE", "CURRENT", "CURRENT", "CURRENT"]
    assert "Added 3" in typed
    assert len(re.findall(r"(?m)^well ", typed)) == 10


def test_the_tutorials_search_finds_the_child_only_in_the_councils_files(typed: str) -> None:
    """The number that was typed all the time stands in no file of a service."""
    found = set(re.findall(r"(?m)^\./(\S+)$", typed))

    assert found == {"north-council/caseload.csv", "north-council/caseload.csv.bak"}
