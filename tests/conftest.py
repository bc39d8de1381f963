"""What every test shares: generated examples have no deadline, since a busy machine is not a fault; and the sockets of
agents lie in a folder of the run's own, which goes with it. Tests that need a browser are run where they are named.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
# A change is judged by the same examples each time; who looks for new ones says so.
settings.load_profile("explore" if "SIGNPOST_EXPLORE" in os.environ else "house")

_BROWSER = Path(__file__).parent / "browser"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make test` needs no browser: its tests are neither collected nor counted as skipped (`make test-browser`)."""
    named = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    if collection_path == _BROWSER and not any(path.is_relative_to(_BROWSER) for path in named):
        return True
    return None


@pytest.fixture(scope="session", autouse=True)
def runtime_folder() -> Iterator[None]:
    """Not below pytest's own folder: a socket's path must be short."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="signpost-run-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        yield
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
