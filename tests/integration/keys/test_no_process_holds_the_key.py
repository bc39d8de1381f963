"""Three holders make a key in three processes, and nowhere is it: not on a disk, not on the wire, not in a memory (A1
to A3).

The key k is computed here, once, from three shares that this test opens with three passphrases. Then it is searched
for, with every share in every place that is not its holder's, in all that each process ever wrote, sent and received.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from signpost.protocol.encoding import from_base64url
from signpost.protocol.group import Scalar, base_multiply
from signpost.protocol.keys import VerifyKey
from signpost.protocol.manifest import Manifest
from signpost.protocol.messages import CeremonyAnswer
from signpost.protocol.roster import Roster, RosterEntry
from signpost.protocol.sealing import SealKey
from signpost.protocol.secret import Secret
from signpost.protocol.threshold import lagrange_at_zero
from signpost_cli.keys_relay import agreed_manifest, relay
from signpost_keys.custody import Custody, KeyShare
from tests.support.askers import new_key
from tests.support.holder_process import HolderProcess, free_port
from tests.support.recorder import Recorder
from tests.support.searching import found_in, memory_of, spellings

NUMBERS = (1, 2, 3)


@dataclass
class Held:
    """A ceremony that is over: the processes still run. `written` is every state of every file of each holder."""

    holders: list[HolderProcess]
    recorder: Recorder
    roster: Roster
    written: dict[int, dict[str, bytes]] = field(default_factory=lambda: {number: {} for number in NUMBERS})
    dealt: dict[int, set[bytes]] = field(default_factory=lambda: {number: set() for number in NUMBERS})
    relayed: list[str] = field(default_factory=list)

    @property
    def manifest(self) -> Manifest:
        """What all three publish."""
        return agreed_manifest(self.roster, [holder.get("/v1/manifest").content for holder in self.holders]).manifest

    def share(self, number: int) -> bytes:
        return _opened(self.holders[number - 1])[1].share.encoding()

    def key(self) -> bytes:
        """k, which exists here and nowhere else."""
        whole = Scalar.from_int(0)
        for number, weight in lagrange_at_zero(NUMBERS[:2]).items():
            whole = whole + weight * Scalar.parse(self.share(number))
        return whole.encoding()

    def places(self, number: int) -> dict[str, bytes]:
        """All that one holder wrote, sent and received."""
        return {**self.written[number], "the wire": self.recorder.kept(f"holder-{number}")}


def _opened(holder: HolderProcess) -> tuple[Custody, KeyShare]:
    custody = Custody(holder.folder, url=holder.url)
    opened, key = custody.open_files(Secret(holder.passphrase.encode()))
    custody.unlock(opened, key)
    assert key is not None
    return custody, key


def _look(held: Held) -> None:
    """Keeps what is on the three disks now, and what a dealing holds while there is one."""
    for number, holder in zip(NUMBERS, held.holders, strict=True):
        for name, raw in holder.files().items():
            held.written[number][f"{name} at step {len(held.relayed)}"] = raw
        if holder.folder.ceremony.exists():
            custody = Custody(holder.folder, url=holder.url)
            opened, _ = custody.open_files(Secret(holder.passphrase.encode()))
            state = json.loads(opened.open_ceremony(holder.folder.ceremony.read_bytes()))
            if state["dealing"] is not None:
                raw = from_base64url(state["dealing"])
                # The last 32 bytes are the commitment's salt, which the second round reveals.
                held.dealt[number] |= {raw[at : at + 32] for at in range(0, len(raw) - 32, 32)}


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    """Three holders, each a process behind a recorder, and the ceremony that the command holds between them."""
    root = tmp_path_factory.mktemp("k")
    index_key = new_key().verify_key.text
    with ExitStack() as stack:
        recorder = stack.enter_context(Recorder())
        holders = []
        for number in NUMBERS:
            port = free_port()
            url = recorder.address(f"holder-{number}", port)
            passphrase = f"four words of custodian {number}"
            holders.append(
                HolderProcess(root / str(number), index_key=index_key, port=port, url=url, passphrase=passphrase)
            )
        identities = [holder.make_identity() for holder in holders]
        roster = Roster(
            b"\x07" * 16,
            2,
            tuple(
                RosterEntry(each.url, VerifyKey.parse(each.signing_key), SealKey.parse(each.sealing_key))
                for each in identities
            ),
        )
        for holder in holders:
            stack.enter_context(holder)
            holder.start()
            assert holder.unlock() == "no-key"
            approved = holder.custody("POST", "/roster", roster=roster.canonical().decode())
            assert approved.json()["fingerprint"] == roster.fingerprint()
        going_on = Held(holders, recorder, roster)

        async def ask(number: int, messages: Sequence[str]) -> CeremonyAnswer:
            answer = holders[number - 1].exchange(messages)
            assert answer.status_code == 200, answer.text
            parsed = CeremonyAnswer.model_validate_json(answer.content)
            going_on.relayed += parsed.messages
            _look(going_on)
            return parsed

        asyncio.run(relay(roster, ask, heard=lambda number, round_: None))
        yield going_on


def test_the_three_shares_make_the_key_of_the_manifest(held: Held) -> None:
    """What is searched for below is really the key: k · G is the manifest's public key."""
    assert base_multiply(Scalar.parse(held.key())) == held.manifest.public_key
    for number, entry in zip(NUMBERS, held.manifest.holders, strict=True):
        assert base_multiply(Scalar.parse(held.share(number))) == entry.public_key


def test_there_is_something_to_search_and_the_search_finds_what_is_there(held: Held) -> None:
    """Public values of the same length are found where they must be, in the form in which they are written."""
    for number in NUMBERS:
        places = held.places(number)
        assert len(held.recorder.kept(f"holder-{number}")) > 5_000
        assert sum("ceremony.sealed" in name for name in places) > 5
        assert sum("holder.db" in name for name in places) > 5
        assert found_in(held.manifest.public_key.encoding, places)
        assert len(held.dealt[number]) == 3
    secret = bytes(range(32))
    for form in spellings(secret):
        assert found_in(secret, {"somewhere": b"before" + form + b"after"})


def test_no_process_ever_wrote_sent_or_received_the_key(held: Held) -> None:
    for number in NUMBERS:
        assert found_in(held.key(), held.places(number)) == []


def test_no_share_is_anywhere_in_the_clear(held: Held) -> None:
    """Not another holder's, and not even its own: a share rests sealed."""
    for number in NUMBERS:
        for other in NUMBERS:
            assert found_in(held.share(other), held.places(number)) == []


def test_no_dealers_secret_is_anywhere_in_the_clear(held: Held) -> None:
    """The polynomials of all dealers together would be the key as well."""
    for number in NUMBERS:
        for other in NUMBERS:
            for secret in held.dealt[other]:
                assert found_in(secret, held.places(number)) == []


def test_no_passphrase_is_written_or_sent(held: Held) -> None:
    for number in NUMBERS:
        for holder in held.holders:
            assert found_in(holder.passphrase.encode(), held.places(number)) == []


def test_no_process_has_the_key_or_anothers_share_in_its_memory(held: Held) -> None:
    """Each holds its own share, which is found there, so the search works; k and the other two are in none of the
    three.

    Python does not overwrite what it lets go of: had one of them ever been there, it would most likely still be.
    """
    for number, holder in zip(NUMBERS, held.holders, strict=True):
        try:
            memory = b"\0".join(memory_of(holder.pid))
        except PermissionError:
            pytest.skip("this machine does not let one process look into another's memory")
        assert held.share(number) in memory
        assert held.key() not in memory
        for other in NUMBERS:
            if other != number:
                assert held.share(other) not in memory


def test_a_restarted_holder_is_locked_and_serves_again_once_it_is_opened(held: Held) -> None:
    """The last test here: it stops the first process."""
    holder = held.holders[0]

    assert holder.kill() == -9
    holder.start()

    assert holder.get("/health").json() == {"state": "locked"}
    assert holder.get("/v1/manifest").status_code == 200
    refused = holder.custody("POST", "/unlock", passphrase="another")
    assert refused.json()["code"] == "passphrase-wrong"
    assert holder.get("/health").json() == {"state": "locked"}
    assert holder.unlock() == "serving"
    status = holder.get("/v1/status").json()
    assert (status["holder"], status["epoch"], status["generation"]) == (1, 1, 1)
    assert status["manifest_fingerprint"] == held.manifest.fingerprint()
    assert holder.custody("POST", "/lock").json() == {"state": "locked"}
