"""What every test shares: generated examples have no deadline, since a busy machine is not a fault; nobody is trusted
whose certificate a test does not name; and the sockets of agents lie in a folder of the run's own, which goes with it.
The longest files are begun first. Tests that need a browser are run where they are named.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.certificates import make_certificate

settings.register_profile("house", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("explore", deadline=None, print_blob=True)
# A change is judged by the same examples each time; who looks for new ones says so.
settings.load_profile("explore" if "SIGNPOST_EXPLORE" in os.environ else "house")

_HERE = Path(__file__).parent
_BROWSER = _HERE / "browser"
_LONGEST_FIRST = (
    "end_to_end/test_signing_in.py",  # waits for the next one-time code, again and again: for minutes, doing nothing
    "privacy/test_shielded_is_absent_structure.py",
    "privacy/test_the_story_leaves_no_trace.py",
    "end_to_end/test_first_steps.py",
    "simulation/test_brokered_contact.py",
    "simulation/test_shielding.py",
)
"""Files that take a minute and more, which would still run when nothing else is left to do beside them."""
_RANK = {(_HERE / name).resolve(strict=True): rank for rank, name in enumerate(_LONGEST_FIRST)}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`make test` needs no browser: its tests are neither collected nor counted as skipped (`make test-browser`)."""
    named = (Path(argument.split("::")[0]).resolve() for argument in config.args)
    if collection_path == _BROWSER and not any(path.is_relative_to(_BROWSER) for path in named):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, and the others as they stand."""
    items.sort(key=lambda item: _RANK.get(item.path, len(_RANK)))


@pytest.fixture(scope="session", autouse=True)
def runtime_folder() -> Iterator[None]:
    """Not below pytest's own folder: a socket's path must be short."""
    before = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.TemporaryDirectory(prefix="signpost-run-", ignore_cleanup_errors=True) as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        # No test speaks to the world outside, and to trust its authorities is to read all their certificates anew for
        # each command and each gateway, which is most of what many a test does. So the only authority is nobody's.
        os.environ["SSL_CERT_FILE"] = str(make_certificate(Path(folder)).certificate)
        yield
        del os.environ["SSL_CERT_FILE"]
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
