"""One browser and one place for the whole suite; a window of its own for each walk, with scripts and without."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState, sync_playwright

from tests.browser.desk import Desk
from tests.browser.place import Place, open_place

_QUIET = (
    # Debian's chromium, as root, in a container: there is no page in it but ours
    "--no-sandbox",
    # nothing of its own over the network
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--no-first-run",
)  # fmt: skip
_SECONDS = 20


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The gateways, their people, the index and the key holders."""
    with open_place(tmp_path_factory.mktemp("place")) as place:
        yield place


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's, without a screen."""
    found = shutil.which("chromium")
    assert found is not None, "there is no chromium here: make test-browser installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(_QUIET))
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    """Every walk is walked with scripts and without."""
    return bool(request.param)


@pytest.fixture(scope="session")
def signed_in() -> dict[str, StorageState]:
    """The cookies of whoever has signed in before: a code is good once in half a minute."""
    return {}


Opens = Callable[[str], Desk]


@pytest.fixture
def desk_of(
    place: Place, chromium: Browser, scripts: bool, signed_in: dict[str, StorageState]
) -> Iterator[Opens]:
    """Opens a window for somebody who is signed in. What browsers complained of is looked at when it is closed."""
    contexts: list[BrowserContext] = []
    desks: list[Desk] = []

    def open_desk(account: str) -> Desk:
        context = chromium.new_context(java_script_enabled=scripts, storage_state=signed_in.get(account))
        contexts.append(context)
        context.set_default_timeout(_SECONDS * 1000)
        desk = Desk(context, place.url_of(account), scripts=scripts)
        desks.append(desk)
        if account not in signed_in:
            desk.sign_in(place.people[account])
            signed_in[account] = context.storage_state()
        return desk

    yield open_desk
    for context in contexts:
        context.close()
    assert [trouble for desk in desks for trouble in desk.troubles] == []


@pytest.fixture
def desk(place: Place, chromium: Browser, scripts: bool) -> Iterator[Desk]:
    """A window at the northern council's gateway, in which nobody is signed in."""
    context = chromium.new_context(java_script_enabled=scripts)
    context.set_default_timeout(_SECONDS * 1000)
    desk = Desk(context, place.gateways["north-council"].url, scripts=scripts)
    yield desk
    context.close()
    assert desk.troubles == []
