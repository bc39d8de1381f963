"""The story that `signpost demo` plays: real commands, in real processes, with children who do not exist.

Each act says what is about to happen, shows the command as it was typed and what it printed, and checks that it ended
as it should: a story that goes otherwise stops the demo with exit 1.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, final

from sqlite_utils.utils import sqlite3

from signpost.edge.shift import unlock_shift
from signpost_cli.demo.families import (
    HANDLES,
    POPULATION,
    Caseload,
    Person,
    generate_csv,
    generate_ssd,
    person,
    write_handles,
)
from signpost_cli.demo.world import PIN, Completed, Organisation, World, WorldFailed

__all__ = ["Story"]

NORTH: Final = Organisation("north-council", "council", "feed-01", "feed")
SOUTH: Final = Organisation("south-council", "council", "feed-01", "feed")
HOSPITAL: Final = Organisation("aldate-hospital", "hospital", "triage-07", "urgent")
POLICE: Final = Organisation("thames-police", "police", "response-12", "urgent")
EAST: Final = Organisation("east-council", "council", "duty-4", "practitioner")
NORTH_DUTY: Final = Organisation("north-council", "council", "duty-1", "practitioner", desk="north-duty")
SOUTH_DUTY: Final = Organisation("south-council", "council", "duty-1", "practitioner", desk="south-duty")
POLICE_RIGHTS: Final = Organisation("thames-police", "police", "rights-1", "rights-officer", desk="thames-rights")
NORTH_SHIELD: Final = Organisation("north-council", "council", "shield-1", "shielding-officer", desk="north-shield")
SOUTH_SHIELD: Final = Organisation("south-council", "council", "shield-1", "shielding-officer", desk="south-shield")
SHIELD_DESK: Final = Organisation("shielding-desk", "shielding-desk", "desk-1", "shielding-officer")
INDEX: Final = Organisation("index", "", "", "")
"""Where the index's operator types."""
PRACTITIONER_LOOKUPS: Final = 2
SSD_CHILDREN: Final = 520
CSV_CHILDREN: Final = 80
UPLOADED_BESIDES: Final = 5
SETTLED_SECONDS: Final = 1.0
"""Long enough for several ticks of the settling worker (200 ms), which makes what was registered visible."""

_LOST: Final = ("holder-3", "holder-2")
"""The key holders that are killed in the end."""
_RECEIPT: Final = re.compile(r"Receipt ([0-9A-Z]{4}-[0-9A-Z]{4})")
_SHIELD: Final = re.compile(r"([0-9A-Z]{4}-[0-9A-Z]{4})")
_PROGRESS: Final = re.compile(r"[A-Z][a-z]+: \d+ %")
"""What a slow machine says of long work: no part of the story."""


def _mistyped(number: str) -> str:
    """The number with another last digit, which is then no check digit."""
    return f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


@final
class Story:
    """The acts, in order."""

    def __init__(self, world: World, *, seed: int, today: date, tell: Callable[[str], None]) -> None:
        self._world = world
        self._seed = seed
        self._today = today
        self._tell = tell
        self._north: Caseload | None = None
        self._south: Caseload | None = None

    def _enrol(self) -> None:
        self._act(
            "2", "Councils, hospitals, a police force and the shielding desk are admitted, and each enrols an account"
        )
        everybody = (NORTH, SOUTH, EAST, HOSPITAL, POLICE, SHIELD_DESK, self._clinic)
        self._world.enrol_without_signing_in(everybody)
        for organisation in everybody:
            self._say(f"{organisation.name}: {organisation.account}, role {organisation.role}")
        self._say(
            "A machine's account signs in by its device's key. A person chooses a password and a code generator, and"
        )
        self._say("their administrator signs the device's key: the index can do neither.")

    def _sign_in(self) -> None:
        self._act("4", "A nurse begins her night shift: username, password, one-time code, and a PIN for the shift")
        self._asked_without_a_shift(HOSPITAL)
        self._typed(HOSPITAL, 0, "login", "--stdin", stdin=self._world.what_is_typed(HOSPITAL.name), from_="shift.json")
        self._say("The shift's key is held by an agent that only she can reach. It locks when she walks away:")
        self._typed(HOSPITAL, 0, "lock")
        self._asked_without_a_shift(HOSPITAL)
        unlock_shift(self._folder(HOSPITAL) / "desk", PIN)
        self._say("She types her PIN, and goes on. The police officer and the social worker sign in as well.")
        self._world.sign_in_all((POLICE, EAST))

    def _asked_without_a_shift(self, organisation: Organisation) -> None:
        child = self._unknown_child(0)
        self._typed(organisation, 4, "lookup", "--stdin", stdin=json.dumps(self._details(child)))

    def _refuse_by_policy(self) -> None:
        child = json.dumps(self._details(self._current_child))
        self._act(
            "15",
            "Who may not: a machine that registers, a locum whose vetting has lapsed, a spent budget, a lost device",
        )
        self._say("A council's feed looks nobody up:")
        self._typed(NORTH, 3, "lookup", "--stdin", stdin=child)
        self._say("The locum's vetting ran out yesterday; every factor was right:")
        self._typed(
            self._clinic, 3, "login", "--stdin", stdin=self._world.what_is_typed(self._clinic.name), from_="shift.json"
        )
        self._say(f"A social worker may ask so often in a shift (here {PRACTITIONER_LOOKUPS} times; 60 is usual):")
        for number in range(PRACTITIONER_LOOKUPS + 1):
            other = json.dumps(self._details(self._unknown_child(number + 1)))
            self._typed(EAST, 7 if number == PRACTITIONER_LOOKUPS else 0, "lookup", "--stdin", stdin=other)
        self._lift_the_budget(json.dumps(self._details(self._unknown_child(PRACTITIONER_LOOKUPS + 1))))
        self._say("The police officer's device was lost in a pursuit, and is taken back:")
        named = ("--organisation", POLICE.name, "--account", POLICE.account)
        self._typed(INDEX, 0, "admin", "device", "revoke", *named, "--settings", "settings.toml")
        self._typed(POLICE, 4, "lookup", "--stdin", stdin=child)

    def _lift_the_budget(self, child: str) -> None:
        self._say("A family of many: her administrator asks for more, and neither of them can approve it:")
        more = ("--reason", "sibling-group", "--lookups", "1", "--hours", "8", "--out", "../more.txt")
        keys = ("--org-keys", "keys", "--passphrase-file", "passphrase")
        self._typed(EAST, 0, "admin", "exception", "ask", EAST.account, *more, *keys)
        self._say("The index's operator and the key holders' custodians review it:")
        approve = ("exception", "approve", "../more.txt", "--yes", "--settings", "settings.toml")
        self._typed(INDEX, 0, "admin", *approve)
        for holder in self._world.holder_names:
            self._world.must(holder, "keys", *approve)
        self._typed(EAST, 0, "lookup", "--stdin", stdin=child)

    def play(self) -> None:
        """All of it.

        Raises:
            WorldFailed: something ended otherwise than it should.
        """
        self._act("1", "Three key holders and the index start, and the holders make a key that none of them holds")
        self._world.index_settings = f"practitioner_lookups = {PRACTITIONER_LOOKUPS}\n"
        self._world.set_up_services()
        self._say(f"The manifest all three signed has the fingerprint {self._world.manifest_fingerprint}.")
        self._enrol()
        self._register()
        self._sign_in()
        self._look_up()
        self._ask_by_name()
        self._refuse_a_typing_error()
        self._reach_the_colleague()
        self._let_it_escalate()
        self._wait_for_a_registration()
        self._break_the_glass()
        self._hide_a_child()
        self._refuse_by_policy()
        self._lose_holders()
        self._show_what_the_index_knows()

    def go_on(self) -> None:
        """Bring back what the story killed, and have everybody ask as often as they may in earnest."""
        for name in _LOST:
            self._world.bring_back(name)
        self._world.settle_index("")

    def children_to_ask_about(self) -> list[tuple[str, Person]]:
        """Children whom the story has left as they were, each with the answer that any other organisation is given."""
        assert self._south is not None
        return [
            ("CURRENT", self._south.current[1]),
            ("PREVIOUS", self._south.previous[1]),
            ("NONE", self._unknown_child(20)),
        ]

    def extract_to_upload(self) -> Path:
        """A folder with the northern council's caseload of today: more children, and one NHS number that is none."""
        assert self._north is not None
        folder, known = self._folder(NORTH) / "upload", self._north.current[3].nhs_number
        generate_ssd(folder, self._seed, SSD_CHILDREN + UPLOADED_BESIDES, today=self._today)
        people = folder / "ssd_person.csv"
        people.write_text(people.read_text().replace(known, _mistyped(known)))
        return folder

    # -- the acts -----------------------------------------------------------------------------------------------------

    def _register(self) -> None:
        self._act("3", "Each council registers involvement from the file it already has")
        north, south = self._folder(NORTH), self._folder(SOUTH)
        self._north = generate_ssd(north / "ssd", self._seed, SSD_CHILDREN, today=self._today)
        self._south = generate_csv(
            south / "caseload.csv", self._seed, CSV_CHILDREN, today=self._today, first=SSD_CHILDREN,
            extra=[self._katherine],
        )  # fmt: skip
        for organisation, folder in ((NORTH, north), (SOUTH, south)):
            night = self._world.add_handle(organisation.name, "Emergency duty team")
            duty = self._world.add_handle(organisation.name, "Duty social worker", out_of_hours=night)
            care = self._world.add_handle(organisation.name, "Children in care team")
            teams = {team: care if handle == "children-in-care" else duty for team, handle in HANDLES.items()}
            named = {HANDLES[team]: handle for team, handle in teams.items()}
            write_handles(folder / "handles.csv", {**teams, **named})
        self._typed(NORTH, 0, "register", "ssd", "--format", "ssd", "--handles", "handles.csv", "--dry-run")
        self._typed(NORTH, 0, "register", "ssd", "--format", "ssd", "--handles", "handles.csv")
        self._typed(SOUTH, 0, "register", "caseload.csv", "--format", "csv", "--handles", "handles.csv")
        self._say("The same file again changes nothing:")
        self._typed(SOUTH, 0, "register", "caseload.csv", "--format", "csv", "--handles", "handles.csv")
        time.sleep(SETTLED_SECONDS)

    def _look_up(self) -> None:
        self._act("5", "At three in the morning, a nurse in A&E asks about a child")
        self._ask(HOSPITAL, self._current_child, "CURRENT")
        self._act("6", "A police officer asks about a child whose case was closed some months ago")
        self._ask(POLICE, self._previous_child, "PREVIOUS")
        self._act("7", "A child whom nobody has registered")
        self._ask(HOSPITAL, self._unknown_child(0), "NONE")

    def _ask_by_name(self) -> None:
        self._act(
            "8", "All that is known is a pet name, a surname by ear, an old postcode, and a date that may be swapped"
        )
        self._say(
            "The council has Katherine O'Neill-Brownlow, born on 3 April, and where she lives now and lived before."
        )
        asked = {
            "forename": "Kate",
            "surname": "ONeill Brownlow",
            "date_of_birth": self._katherine_born.replace(month=3, day=4).isoformat(),
            "postcode": self._katherine["previous_postcode"],
        }
        self._say("The nurse types Kate ONeill Brownlow, 4 March, and the postcode that Kate knows by heart.")
        self._ask_about(HOSPITAL, asked, "CURRENT")
        self._say("Her twin brother, whom nobody has registered, is not taken for her.")
        self._ask_about(
            HOSPITAL, asked | {"forename": "Daniel", "date_of_birth": self._katherine["date_of_birth"]}, "NONE"
        )

    def _refuse_a_typing_error(self) -> None:
        self._act("9", "A digit of the NHS number is mistyped: it is refused here, and nothing is sent")
        child = self._current_child
        details = self._details(child, nhs_number=_mistyped(child.nhs_number))
        self._typed(HOSPITAL, 2, "lookup", "--stdin", stdin=json.dumps(details))

    def _reach_the_colleague(self) -> None:
        self._act("10", "The nurse asks to be rung, and the council's duty worker answers")
        self._world.add_colleagues((NORTH_DUTY, SOUTH_DUTY, POLICE_RIGHTS))
        receipt = self._ask(HOSPITAL, self._current_child, "CURRENT")
        self._typed(HOSPITAL, 0, "contact", "ask", receipt, "--urgency", "now")
        self._typed(HOSPITAL, 8, "contact", "status", receipt)
        time.sleep(SETTLED_SECONDS)
        self._say("The duty worker sees by when, who asks by role, and her council's own case reference:")
        self._typed(NORTH_DUTY, 0, "reply", self._notice(NORTH_DUTY), "--share")
        self._say("The nurse sees one desk, and rings it. She did not know of them:")
        self._typed(HOSPITAL, 0, "contact", "status", receipt)
        self._typed(HOSPITAL, 0, "contact", "outcome", receipt, "--reached", "--new")
        self._say("Asked again about the same child, the desk that she is in touch with is not told a second time:")
        again = self._ask(HOSPITAL, self._current_child, "CURRENT")
        self._typed(HOSPITAL, 0, "contact", "ask", again, "--urgency", "today")
        time.sleep(SETTLED_SECONDS)
        self._expect_nobody_waits(NORTH_DUTY)

    def _let_it_escalate(self) -> None:
        assert self._north is not None
        self._act("11", "Another child, and nobody answers: after a quarter of an hour it goes to the night desk")
        receipt = self._ask(HOSPITAL, self._north.current[1], "CURRENT")
        self._typed(HOSPITAL, 0, "contact", "ask", receipt, "--urgency", "now")
        time.sleep(SETTLED_SECONDS)
        self._say("(A worker whose clock is sixteen minutes ahead saves the waiting: signpost serve worker.)")
        with self._world.worker(minutes_ahead=16):
            deadline = time.monotonic() + 60
            while "escalated" not in self._world.must(NORTH_DUTY.folder, "inbox", "--json").stdout:
                self._expect(time.monotonic() < deadline, "an escalation")
                time.sleep(0.5)
        notice = self._notice(NORTH_DUTY)
        self._typed(NORTH_DUTY, 2, "reply", notice, "--decline")
        self._typed(NORTH_DUTY, 0, "reply", notice, "--decline", "more-detrimental")
        self._say("What the nurse sees is a clock. Who declined looks like nobody:")
        self._typed(HOSPITAL, 8, "contact", "status", receipt)

    def _wait_for_a_registration(self) -> None:
        self._act(
            "12", "A child whom nobody has registered: the call-back waits, and a council that registers later answers"
        )
        child = self._unknown_child(0)
        receipt = self._ask(HOSPITAL, child, "NONE")
        self._typed(HOSPITAL, 0, "contact", "ask", receipt, "--urgency", "week")
        generate_csv(
            self._folder(SOUTH) / "caseload.csv", self._seed, CSV_CHILDREN, today=self._today, first=SSD_CHILDREN,
            extra=[self._katherine, self._newcomer(child)],
        )  # fmt: skip
        self._typed(SOUTH, 0, "register", "caseload.csv", "--format", "csv", "--handles", "handles.csv")
        time.sleep(SETTLED_SECONDS)
        self._typed(SOUTH_DUTY, 0, "reply", self._notice(SOUTH_DUTY), "--share")
        self._typed(HOSPITAL, 0, "contact", "status", receipt)

    def _break_the_glass(self) -> None:
        self._act("13", "It cannot wait: a police officer breaks the glass, and somebody else looks at it afterwards")
        receipt = self._ask(POLICE, self._previous_child, "PREVIOUS")
        self._typed(POLICE, 0, "break-glass", receipt, "--purpose", "s46", "--yes")
        self._say("The council sees that its line was shown, not to whom:")
        self._typed(SOUTH_DUTY, 0, "inbox")
        self._say("The force's own rights officer sees who it was, and closes the review:")
        review = json.loads(self._world.must(POLICE_RIGHTS.folder, "review", "list", "--json").stdout)["reviews"][0]
        self._typed(POLICE_RIGHTS, 0, "review", "list")
        self._typed(POLICE_RIGHTS, 0, "review", "close", review["reference"], "--justified")

    def _hide_a_child(self) -> None:
        assert self._north is not None
        child = self._north.current[2]
        self._act("14", "A mother flees with a child whom the northern council works with: nobody may find them")
        self._ask(HOSPITAL, child, "CURRENT")
        self._world.add_colleagues((NORTH_SHIELD, SOUTH_SHIELD))
        self._world.sign_in_all((SHIELD_DESK,))
        details = json.dumps(self._details(child))
        added = self._typed(
            NORTH_SHIELD, 0, "shield", "add", "--reason", "fleeing-abuse", "--stdin", stdin=details
        )  # fmt: skip
        found = _SHIELD.search(added.stdout)
        self._expect(found is not None, "a shield's reference")
        shield = "" if found is None else found[1]
        self._say("The nurse asks again. Whoever asks is answered as if nobody had ever registered the child:")
        receipt = self._ask(HOSPITAL, child, "NONE")
        self._typed(HOSPITAL, 0, "contact", "ask", receipt, "--urgency", "now")
        self._say("An officer of another council was rung, and approves it:")
        self._typed(SOUTH_SHIELD, 0, "shield", "approve", shield)
        time.sleep(SETTLED_SECONDS)
        self._say("Only the independent desk sees who asked. It rings the nurse, if that is right:")
        self._typed(SHIELD_DESK, 0, "shield", "queue")
        waiting = json.loads(self._world.must(SHIELD_DESK.folder, "shield", "queue", "--json").stdout)["items"]
        asked = [item for item in waiting if item["work"] == "call-back"]
        self._expect(len(asked) == 1, "one call-back at the desk")
        self._typed(SHIELD_DESK, 0, "shield", "call-back", asked[0]["item"], "--rang")
        self._say("The northern council's duty desk was told of nobody, and its own list is what it was:")
        self._expect_nobody_waits(NORTH_DUTY)
        self._typed(NORTH, 0, "register", "ssd", "--format", "ssd", "--handles", "handles.csv")

    def _notice(self, desk: Organisation) -> str:
        """What waits for a desk, by its name."""
        self._typed(desk, 0, "inbox")
        waiting = json.loads(self._world.must(desk.folder, "inbox", "--json").stdout)["notices"]
        self._expect(len(waiting) == 1, "one notice")
        return str(waiting[0]["notice"])

    def _expect_nobody_waits(self, desk: Organisation) -> None:
        done = self._typed(desk, 0, "inbox")
        self._expect(done.stdout.startswith("Nobody waits"), "an empty inbox")

    def _newcomer(self, child: Person) -> dict[str, str]:
        """A row of the southern council's file about a child whom nobody had registered."""
        return {
            "local_id": "SOUTH-N",
            "nhs_number": child.nhs_number,
            "date_of_birth": child.date_of_birth.isoformat(),
            "start": self._today.isoformat(),
            "handle": HANDLES["Safeguarding"],
            "basis": "statutory",
        }

    def _lose_holders(self) -> None:
        self._act("16", "One key holder is killed: two of three are enough")
        self._world.kill(_LOST[0])
        self._ask(HOSPITAL, self._current_child, "CURRENT")
        self._act("17", "A second one is killed: nobody can be asked, and that is not a no")
        self._world.kill(_LOST[1])
        done = self._typed(HOSPITAL, 6, "lookup", "--stdin", stdin=json.dumps(self._details(self._current_child)))
        self._expect(not done.stdout, "nothing on stdout")

    def _show_what_the_index_knows(self) -> None:
        self._act("18", "What the index knows of all this: one literal row of its database")
        connection = sqlite3.connect(f"file:{self._world.root / 'index' / 'data' / 'index.sqlite'}?mode=ro", uri=True)
        try:
            cursor = connection.execute(
                "SELECT * FROM involvement_tags WHERE key > x'80' AND ended_on IS NOT NULL LIMIT 1"
            )
            names = [column[0] for column in cursor.description]
            row = cursor.fetchone()
            (rows,) = connection.execute("SELECT count(*) FROM involvement_tags").fetchone()
        finally:
            connection.close()
        for name, value in zip(names, row, strict=True):
            shown = f"x'{value.hex()}'" if isinstance(value, bytes) else str(value)
            self._say(f"{name:>14}  {shown}")
        self._say(f"There are {rows:,} such rows. None of them, nor all of them together, names a child.")

    # -- how they are told --------------------------------------------------------------------------------------------

    def _unknown_child(self, nth: int) -> Person:
        """One of those whom nobody has registered, with an NHS number."""
        everybody = (person(self._seed, number, today=self._today) for number in range(POPULATION - 1, 0, -1))
        return next(islice((child for child in everybody if child.nhs_number), nth, None))

    @property
    def _clinic(self) -> Organisation:
        yesterday = (self._today - timedelta(days=1)).isoformat()
        return Organisation("west-clinic", "hospital", "locum-3", "urgent", vetting_until=yesterday)

    @property
    def _current_child(self) -> Person:
        assert self._north is not None
        return self._north.current[0]

    @property
    def _previous_child(self) -> Person:
        assert self._south is not None
        return self._south.previous[0]

    @property
    def _katherine_born(self) -> date:
        return date(self._today.year - 9, 4, 3)

    @property
    def _katherine(self) -> dict[str, str]:
        """A row of the southern council's file, without any number: she can be found by name alone."""
        return {
            "local_id": "SOUTH-K",
            "forename": "Katherine",
            "surname": "O'Neill-Brownlow",
            "date_of_birth": self._katherine_born.isoformat(),
            "sex": "F",
            "postcode": "M13 7DD",
            "previous_postcode": "M4 4QX",
            "start": (self._today - timedelta(days=90)).isoformat(),
            "handle": HANDLES["Safeguarding"],
            "basis": "statutory",
        }

    def _folder(self, organisation: Organisation) -> Path:
        return self._world.root / organisation.name

    def _details(self, child: Person, *, nhs_number: str | None = None) -> dict[str, str]:
        return {"nhs_number": nhs_number or child.nhs_number, "date_of_birth": child.date_of_birth.isoformat()}

    def _ask(self, organisation: Organisation, child: Person, word: str) -> str:
        return self._ask_about(organisation, self._details(child), word)

    def _ask_about(self, organisation: Organisation, details: dict[str, str], word: str) -> str:
        """Look up, and expect that answer; its receipt."""
        done = self._typed(organisation, 0, "lookup", "--stdin", stdin=json.dumps(details))
        self._expect(done.stdout.startswith(word), f"the answer {word}")
        found = _RECEIPT.search(done.stdout)
        self._expect(found is not None, "a receipt")
        return "" if found is None else found[1]

    def _act(self, number: str, what: str) -> None:
        self._tell(f"\n{number}. {what}\n")

    def _say(self, text: str) -> None:
        self._tell(f"   {text}")

    def _typed(
        self,
        organisation: Organisation,
        code: int,
        *arguments: str,
        stdin: str | None = None,
        from_: str = "child.json",
    ) -> Completed:
        shown = " ".join(("signpost", *arguments)) + (f" < {from_}" if stdin is not None else "")
        self._tell(f"   {organisation.folder}$ {shown}")
        done = self._world.command(organisation.folder, *arguments, stdin=stdin)
        # What a command talks of comes before its answer; what to do next, and how it failed, after it.
        talk = done.stderr.splitlines()
        next_at = next((at for at, line in enumerate(talk) if line.lstrip().startswith("Next: ")), len(talk))
        for line in [*talk[:next_at], *done.stdout.splitlines(), *talk[next_at:]]:
            if not _PROGRESS.fullmatch(line):
                self._tell(f"   {line}")
        if done.code:
            self._tell(f"   (exit {done.code})")
        self._tell("")
        self._expect(done.code == code, f"exit {code}")
        return done

    def _expect(self, as_it_should: bool, what: str) -> None:
        if not as_it_should:
            raise WorldFailed(f"The story should have gone on with {what}.")
