"""When too few key holders answer, a page says that it could not check, and that this is not a no."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser.conftest import Opens
from tests.browser.place import Place

LOST = ("holder-2", "holder-3")


@pytest.fixture
def alone(place: Place) -> Iterator[None]:
    """One key holder of three is left. The others come back afterwards."""
    for name in LOST:
        place.world.kill(name)
    yield
    for name in LOST:
        place.world.bring_back(name)


@pytest.mark.usefixtures("alone")
def test_what_could_not_be_checked_is_never_shown_as_a_none(desk_of: Opens, place: Place) -> None:
    desk = desk_of("social-worker-1")

    desk.check(place.current[3])
    desk.look("could-not-check")

    assert "This is not a no." in desk.text
    assert "0113 496 0000" in desk.text
    assert "NONE" not in desk.text
