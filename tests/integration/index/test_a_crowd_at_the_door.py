"""Two hundred who sign in at once take no more memory than a few, and lookups are answered beside them."""

from __future__ import annotations

import asyncio
import resource
import time
from pathlib import Path

import httpx2

from signpost.index.hashing import AT_ONCE, Hashing
from signpost.protocol.passwords import PasswordCost, hash_password
from signpost.protocol.secret import Secret
from tests.integration.index.conftest import set_scene
from tests.support.people import SESSIONS, enrol
from tests.support.running_index import RunningIndex
from tests.support.world import body_of, whole_child

CROWD = 200
BOUND_MIB = 150
"""Stated, and more than twice what it takes: two hashes of 19 MiB, the bodies, and the interpreter's own slack."""


def test_a_crowd_that_signs_in_stays_within_its_memory_and_lookups_go_on(tmp_path: Path) -> None:
    """At Argon2's real cost: unbounded, they would take 3.8 GiB at once."""
    with RunningIndex(tmp_path / "data") as index:
        scene = set_scene(index)
        person = enrol(index)
        index.index.signing_in._hashing = Hashing()
        index.index.signing_in._no_password = hash_password(Secret(b"nobody's"), salt=bytes(16))
        assert PasswordCost().memory_kib * CROWD > 3_500_000
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        done: list[float] = []

        async def crowd() -> tuple[list[httpx2.Response], list[httpx2.Response]]:
            client = index._public
            bodies = [
                person.request(password="wrong wrong wrong", account=f"nobody-{number}").model_dump_json()
                for number in range(CROWD)
            ]
            guesses = [
                client.post(
                    SESSIONS,
                    content=body,
                    headers={"content-type": "application/json", **person.headers(body)},
                )
                for body in bodies
            ]
            waiting = asyncio.gather(*guesses)
            await asyncio.sleep(0.2)
            answers = []
            for number in range(10):
                request = body_of(scene.world.lookup(scene.nurse, whole_child(f"child {number}")))
                began = time.monotonic()
                answers.append(
                    await client.post(
                        "/v1/lookups",
                        content=request,
                        headers=scene.world.signed_headers(scene.nurse, "/v1/lookups", request),
                    )
                )
                done.append(time.monotonic() - began)
            assert not waiting.done()  # they were answered beside the crowd, not after it
            return await waiting, answers

        refused, answers = index.run(crowd())
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.status_code for answer in refused} <= {401, 503}
    assert sum(answer.status_code == 401 for answer in refused) > AT_ONCE
    assert grown < BOUND_MIB
