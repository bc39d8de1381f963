"""What every test shares: generated examples have no deadline, since a busy machine is not a fault; and the sockets of
agents lie in a folder of the run's own, which goes with it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
# A change is judged by the same examples each time; who looks for new ones says so.
settings.load_profile("explore" if "SIGNPOST_EXPLORE" in os.environ else "house")


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
