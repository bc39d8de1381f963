"""An index that stops in the middle of an act: the page says that it may have been done, and where to see."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.browser.conftest import Opens
from tests.browser.place import Place
from tests.browser.test_when_time_goes_by import ALL, ask_for_report, fill_decision

UNTIL_IT_WAS_SENT_SECONDS = 1.0


@pytest.fixture
def stops(place: Place) -> Iterator[Callable[[], None]]:
    """Has the index take requests in and answer none, then end. It is there again afterwards."""
    ending = threading.Timer(UNTIL_IT_WAS_SENT_SECONDS, place.world.kill, ["index"])

    def stop() -> None:
        os.kill(place.world.process_id("index"), signal.SIGSTOP)
        ending.start()

    yield stop
    if ending.ident is not None:
        ending.join()
        place.world.start("index")


def test_whoever_was_not_answered_is_told_where_to_see_whether_it_was_done(
    desk_of: Opens, place: Place, stops: Callable[[], None]
) -> None:
    """It is not said to have been done, nor not to have been."""
    asking, deciding = desk_of("rights-officer-1"), desk_of("rights-officer-2")
    report = ask_for_report(asking, place.unknown_child())
    fill_decision(deciding, report, told=ALL, why="Nothing is kept back")

    stops()
    deciding.press("Decide")
    deciding.look("not-sure")
    assert "It may be decided." in deciding.text
