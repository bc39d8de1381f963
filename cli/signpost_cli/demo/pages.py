"""What `signpost demo --keep` leaves running for a browser: the gateways of two councils and of the shielding desk, and
people enrolled at them.

Everybody's password is the same and is printed; codes come from this program, which is everybody's authenticator.
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, final

from signpost.protocol.one_time_codes import STEP_SECONDS
from signpost_cli.demo.families import Person as Child
from signpost_cli.demo.gateways import PASSWORD, PretendGateway
from signpost_cli.demo.people import Person
from signpost_cli.demo.world import World

__all__ = ["PEOPLE", "Pages"]

PEOPLE: Final = {
    "north-council": (
        ("social-worker-1", "practitioner"), ("night-duty-1", "urgent"), ("shielding-1", "shielding-officer"),
        ("rights-officer-1", "rights-officer"), ("rights-officer-2", "rights-officer"),
        ("administrator-1", "administrator"), ("data-1", "data-officer"),
    ),
    "south-council": (("social-worker-2", "practitioner"), ("shielding-2", "shielding-officer")),
    "shielding-desk": (("desk-2", "shielding-officer"),),
}  # fmt: skip
"""Each gateway's accounts, with their roles."""
_SETTINGS: Final = {name: f'program_desk = "../{name}/desk"\n' for name in ("north-council", "south-council")}
"""By its feed's key a council's gateway can name its work, so that it is ended and handed over there; what is uploaded
is registered by the feed's account.
"""
_HOSTS: Final = ("127.0.0.1", "localhost", "desk.localhost")
"""The same machine by three names: a browser keeps one session for each, whatever the port."""
_CODES: Final = "codes.txt"


@final
class Pages:
    """The gateways of a world whose story was played, and who may sign in at them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._gateways: dict[str, PretendGateway] = {}
        self._people: dict[str, list[Person]] = {}

    def set_up(self) -> None:
        """Start the gateways and enrol everybody.

        Raises:
            WorldFailed: a command failed, or a gateway did not start.
        """
        self._gateways = {name: PretendGateway(self._world, name) for name in PEOPLE}
        with ThreadPoolExecutor() as threads:
            self._people = dict(zip(PEOPLE, threads.map(self._staff, PEOPLE), strict=True))
        secrets = self._world.root / _CODES
        secrets.touch(mode=0o600)
        secrets.write_text(
            "".join(f"{each.account} {base64.b32encode(each.codes.reveal()).decode()}\n" for each in self._everybody)
        )

    def describe(self, tell: Callable[[str], None], children: Sequence[tuple[str, Child]], extract: Path) -> None:
        """Say where they are, who signs in, whom to ask about, each child with the answer that it gives, and in which
        folder the extract is that may be uploaded.
        """
        tell("\nThe same in a browser, as docs/tutorial/in-a-browser.md tells it:")
        for (name, people), host in zip(self._people.items(), _HOSTS, strict=True):
            url = self._gateways[name].url.replace(_HOSTS[0], host)
            tell(f"  {name:<15} {url}   {', '.join(each.account for each in people)}")
        tell(f"  password        {PASSWORD}")
        for word, child in children:
            number, born = child.nhs_number, f"{child.date_of_birth:%-d %-m %Y}"
            tell(f"  to ask about    {number[:3]} {number[3:6]} {number[6:]}, born {born}   {word}")
        tell(f"  to upload       {extract}: its four files, and {extract.parent / 'handles.csv'}")
        tell(f"  codes           press Return for those that are good now (for an authenticator: {_CODES})")

    def give_codes(self, tell: Callable[[str], None]) -> None:
        """Say everybody's code each time Return is pressed, until nobody can press it any more."""
        for _ in sys.stdin:
            left = STEP_SECONDS - int(time.time()) % STEP_SECONDS
            for each in self._everybody:
                tell(f"  {each.account:<17} {each.code_on_the_telephone()}")
            tell(f"  Each is good once. Others come in {left} seconds.")

    @property
    def _everybody(self) -> list[Person]:
        return [each for people in self._people.values() for each in people]

    def _staff(self, name: str) -> list[Person]:
        gateway = self._gateways[name]
        gateway.set_up(sorted({role for _, role in PEOPLE[name]}), settings=_SETTINGS.get(name, ""))
        return [gateway.enrol(account, role) for account, role in PEOPLE[name]]
