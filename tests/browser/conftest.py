"""One browser and one place for the whole suite; a window of its own for each walk, with scripts and without."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, StorageState, sync_playwright

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


@pytest.fixture(scope="session")
def second(chromium: Browser) -> Iterator[Page]:
    """The window in which pages without scripts are examined."""
    with chromium.new_context() as context:
        yield context.new_page()


Opens = Callable[[str], Desk]
"""Opens a window for whoever has that account. Those who are not signed in yet sign in."""


@pytest.fixture
def windows(chromium: Browser, scripts: bool, second: Page) -> Iterator[Callable[[str, StorageState | None], Desk]]:
    """Opens windows. What browsers complained of in them is looked at when they are closed."""
    with contextlib.ExitStack() as opened:
        desks: list[Desk] = []

        def open_window(url: str, cookies: StorageState | None) -> Desk:
            context = opened.enter_context(chromium.new_context(java_script_enabled=scripts, storage_state=cookies))
            context.set_default_timeout(_SECONDS * 1000)
            desks.append(Desk(context, url, second=None if scripts else second))
            return desks[-1]

        yield open_window
    assert [trouble for desk in desks for trouble in desk.troubles] == []


@pytest.fixture
def desk_of(
    place: Place, windows: Callable[[str, StorageState | None], Desk], signed_in: dict[str, StorageState]
) -> Opens:
    """Windows of people who are signed in."""

    def open_desk(account: str) -> Desk:
        desk = windows(place.url_of(account), signed_in.get(account))
        if account not in signed_in:
            desk.sign_in(place.people[account])
            signed_in[account] = desk.page.context.storage_state()
        return desk

    return open_desk


@pytest.fixture
def desk(place: Place, windows: Callable[[str, StorageState | None], Desk]) -> Desk:
    """A window at the northern council's gateway, in which nobody is signed in."""
    return windows(place.gateways["north-council"].url, None)


Window = Callable[..., Desk]
"""Opens a window at an account's gateway, of the looks that are named."""


@pytest.fixture
def window(chromium: Browser, place: Place) -> Iterator[Window]:
    """Windows with scripts."""
    with contextlib.ExitStack() as opened:

        def open_window(account: str, cookies: StorageState | None = None, **looks: object) -> Desk:
            shown: dict[str, Any] = {"viewport": {"width": 960, "height": 600}, **looks}
            context = opened.enter_context(chromium.new_context(storage_state=cookies, **shown))
            return Desk(context, place.url_of(account), second=None)

        yield open_window


@pytest.fixture
def seated(window: Window, place: Place, signed_in: dict[str, StorageState]) -> Window:
    """A window of somebody who is signed in, in this walk or in one before."""

    def open_window(account: str, **looks: object) -> Desk:
        desk = window(account, signed_in.get(account), **looks)
        if account not in signed_in:
            desk.sign_in(place.people[account])
            signed_in[account] = desk.page.context.storage_state()
        return desk

    return open_window
