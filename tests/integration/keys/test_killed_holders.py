"""A charge is on the disk before anything is evaluated: a holder that is killed at any moment has forgotten none
(D6).
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from signpost.protocol.encoding import to_base64url
from tests.support.fake_index import FakeIndex
from tests.support.serving_holder import make_serving_holder


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        yield index


def test_a_holder_that_dies_between_the_charge_and_the_answer_keeps_the_charge(
    tmp_path: Path, index: FakeIndex
) -> None:
    """It kills itself where it would begin to multiply. Started again, it has the charge, and the nonce is spent."""
    holder = make_serving_holder(tmp_path / "h", index, module="tests.support.holder_process")
    with holder.process:
        holder.open()
        nonce = to_base64url(os.urandom(16))

        with pytest.raises(httpx2.HTTPError):
            holder.evaluate(nonce)
        assert holder.process.wait() == -9

        assert holder.charged() == 12
        holder.open()
        again = holder.evaluate(nonce)
        assert again.json()["code"] == "nonce-used"
        assert holder.charged() == 12


def test_its_log_says_that_it_starts_locked(tmp_path: Path, index: FakeIndex) -> None:
    """Whoever waits for `ready` has read by then that nobody is answered yet."""
    holder = make_serving_holder(tmp_path / "h", index)
    with holder.process:
        holder.process.start()
        log = holder.process.log.read_text()

    assert -1 < log.find('"event": "locked"') < log.find('"event": "ready"')


def test_however_often_it_is_killed_no_answer_was_given_for_nothing(tmp_path: Path, index: FakeIndex) -> None:
    """Five kills at random moments under load: every answer that arrived was charged, and nothing was charged twice."""
    holder = make_serving_holder(tmp_path / "h", index)
    chance = random.Random(20260922)
    sent, answered = [0], [0]
    with holder.process:
        holder.open()
        for _ in range(5):
            stop = threading.Event()

            def ask(stop: threading.Event = stop) -> None:
                while not stop.is_set():
                    sent[0] += 1
                    try:
                        answered[0] += holder.evaluate().status_code == 200
                    except httpx2.HTTPError:
                        return

            asking = threading.Thread(target=ask)
            asking.start()
            time.sleep(chance.uniform(0.1, 0.5))
            assert holder.process.kill() == -9
            stop.set()
            asking.join()
            assert 12 * answered[0] <= holder.charged() <= 12 * sent[0]
            holder.open()

    assert answered[0] > 0


def test_a_revoked_device_is_refused_once_the_list_says_so(tmp_path: Path, index: FakeIndex) -> None:
    """D4. The list is fetched at the start and every 30 seconds; a restart shortens the wait here."""
    holder = make_serving_holder(tmp_path / "h", index)
    with holder.process:
        holder.open()
        assert holder.evaluate().status_code == 200

        index.certificates = frozenset({holder.device.certificate.identifier})
        assert holder.process.stop() == 0
        holder.open()

        assert holder.evaluate().json()["code"] == "revoked"
