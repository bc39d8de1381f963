"""The operator's socket: organisations, handles, credentials, revocations, and nothing else."""

from __future__ import annotations

import datetime as dt

import httpx2
import pytest

from signpost.protocol.credentials import ShiftCredential
from signpost.protocol.encoding import to_base64url
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.revocation import RevocationList
from signpost.protocol.secret import Secret
from signpost.protocol.tokens import peek
from tests.integration.index.conftest import Scene
from tests.support.world import NOON, Device, whole_child

ADA = whole_child("ada")


TODAY = dt.datetime.fromtimestamp(NOON, tz=dt.UTC).date().isoformat()
LOST = to_base64url(bytes(16))
"""A certificate's identifier."""


def code(answer: httpx2.Response) -> tuple[int, str]:
    """What an answer refuses with."""
    return answer.status_code, answer.json()["code"]


def revocation_list(scene: Scene) -> RevocationList:
    """The list as a holder would read it."""
    answer = scene.index.get("/v1/revocations")
    key = VerifyKey.parse(scene.index.operate("/identity").json()["credential_key"])
    return RevocationList.read(answer.json()["list"], key)


def test_its_identity_is_the_key_that_holders_pin(scene: Scene) -> None:
    """Credentials and the revocation list are signed with it."""
    key = VerifyKey.parse(scene.index.operate("/identity").json()["credential_key"])

    assert key == scene.world.credential_key.verify_key
    assert ShiftCredential.read(scene.nurse.credential, key).account == scene.nurse.account


def test_organisations_are_admitted_once(scene: Scene) -> None:
    """A name that is taken is refused, and its key stays."""
    other = SigningKey(Secret(b"k" * 32)).verify_key.text
    answer = scene.index.unchanged_by(
        lambda: scene.index.operate(
            "/organisations", {"organisation": "northtown", "kind": "hospital", "signing_key": other}
        )
    )

    assert code(answer) == (409, "already-exists")
    assert scene.index.operate("/organisations").json() == {
        "organisations": [
            {"organisation": "northtown", "kind": "council"},
            {"organisation": "southtown", "kind": "council"},
            {"organisation": "st-elsewhere", "kind": "hospital"},
        ]
    }


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"organisation": "North Town"}, (422, "malformed")),
        ({"organisation": "1st"}, (422, "malformed")),
        ({"kind": "school"}, (422, "malformed")),
        ({"signing_key": "AAAA"}, (422, "key-invalid")),
        ({"signing_key": "!" * 43}, (422, "key-invalid")),
        ({"more": 1}, (422, "malformed")),
    ],
)
def test_a_malformed_organisation_is_refused(scene: Scene, change: dict[str, object], refusal: tuple[int, str]) -> None:
    """By name; nothing is changed."""
    good = {
        "organisation": "westtown",
        "kind": "council",
        "signing_key": scene.world.organisation_key("westtown").verify_key.text,
    }

    answer = scene.index.unchanged_by(lambda: scene.index.operate("/organisations", good | change))

    assert code(answer) == refusal


def test_handles_are_listed_whole_to_the_operator(scene: Scene) -> None:
    """With their telephones; by name."""
    desk = {
        "title": "Emergency duty team",
        "telephone": "01632 960002",
        "email": "edt@northtown.example",
        "hours": "Mon-Fri 17:00-08:00",
        "out_of_hours": scene.handle,
    }
    added = scene.index.operate("/handles", {"organisation": "northtown", **desk})

    assert added.status_code == 201
    first = {
        "handle": scene.handle, "title": "Duty desk", "telephone": "01632 960001", "email": None, "hours": None,
        "out_of_hours": None, "confirmed_on": TODAY, "handed_over_to": None,
        "consent_only": False, "privacy_office": False,
    }  # fmt: skip
    second = {
        "handle": added.json()["handle"],
        **desk,
        "confirmed_on": TODAY,
        "handed_over_to": None,
        "consent_only": False,
        "privacy_office": False,
    }
    listed = scene.index.operate("/handles/list", {"organisation": "northtown"}).json()
    assert listed == {"handles": sorted([first, second], key=lambda handle: str(handle["handle"]))}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"organisation": "westtown"}, (403, "organisation-unknown")),
        ({"out_of_hours": "0000-0000"}, (422, "handle-unknown")),
        ({"out_of_hours": "not a handle"}, (422, "malformed")),
        ({"title": ""}, (422, "malformed")),
        ({"telephone": None}, (422, "malformed")),
        ({"telephone": "0\n1"}, (422, "malformed")),
        ({"hours": "x" * 300}, (422, "malformed")),
    ],
)
def test_a_malformed_handle_is_refused(scene: Scene, change: dict[str, object], refusal: tuple[int, str]) -> None:
    """By name; nothing is changed."""
    good = {"organisation": "northtown", "title": "Desk", "telephone": "01632 960003"}

    answer = scene.index.unchanged_by(lambda: scene.index.operate("/handles", good | change))

    assert code(answer) == refusal


def test_anothers_handle_is_no_out_of_hours_desk(scene: Scene) -> None:
    """It must be of the same organisation."""
    answer = scene.index.operate(
        "/handles",
        {"organisation": "northtown", "title": "Desk", "telephone": "1", "out_of_hours": scene.other_handle},
    )

    assert code(answer) == (422, "handle-unknown")


def test_a_revoked_account_is_refused_at_once(scene: Scene) -> None:
    """With the next request, whatever its credential still says; its colleagues go on."""
    colleague = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)
    scene.index.operate("/revocations", {"organisation": "st-elsewhere", "account": scene.nurse.account})

    assert refusal_of(scene, scene.nurse) == (403, "revoked")
    assert scene.index.look_up(colleague, ADA) == "none"


def test_a_revoked_certificate_is_refused_at_once(scene: Scene) -> None:
    """The device is out; the account may be enrolled again on another."""
    device = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account="someone")
    assert scene.index.look_up(device, ADA) == "none"

    scene.index.operate("/revocations", {"certificate_identifier": peek(device.certificate, "jti")})

    assert refusal_of(scene, device) == (403, "revoked")
    again = scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL, account="someone")
    assert scene.index.look_up(again, ADA) == "none"


def test_the_list_is_signed_afresh_and_is_whole(scene: Scene) -> None:
    """Its time is now; what was revoked a moment ago is on it; revoking twice is revoking once."""
    assert revocation_list(scene) == RevocationList.of(NOON)

    for _ in range(2):
        scene.index.operate("/revocations", {"organisation": "northtown", "account": "left.yesterday"})
        scene.index.operate("/revocations", {"certificate_identifier": LOST})
    assert revocation_list(scene) == RevocationList.of(
        NOON, certificates=[LOST], accounts=[("northtown", "left.yesterday")]
    )

    scene.world.clock.advance(30)
    assert revocation_list(scene).issued_at == NOON + 30


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"organisation": "northtown"},
        {"account": "someone"},
        {"certificate_identifier": "x", "organisation": "northtown", "account": "someone"},
        {"organisation": "Northtown!", "account": "someone"},
        {"certificate_identifier": "lost"},
        {"certificate_identifier": LOST[:-1]},
    ],
)
def test_a_revocation_names_one_thing_that_there_can_be(scene: Scene, document: dict[str, object]) -> None:
    """A certificate, or an account of an organisation."""
    answer = scene.index.unchanged_by(lambda: scene.index.operate("/revocations", document))

    assert code(answer) == (422, "malformed")


def test_the_operator_has_no_other_power(scene: Scene) -> None:
    """Nothing of the public door is on the socket, and nothing of the socket at the public door."""
    for path in ("/v1/lookups", "/v1/registrations", "/v1/involvements/list"):
        assert scene.index.operate(path, {}).status_code == 404
    for path in ("/organisations", "/handles", "/revocations", "/identity"):
        assert scene.index.get(path).status_code == 404


def refusal_of(scene: Scene, device: Device) -> tuple[int, str]:
    """What a good lookup of a device is refused with."""
    request = scene.world.lookup(device, ADA)
    return code(scene.index.unchanged_by(lambda: scene.index.ask(device, "/v1/lookups", request)))


def test_an_account_of_an_organisation_that_is_none_is_not_said_to_be_taken_back(scene: Scene) -> None:
    """With one letter wrong, an administrator must not believe that a stolen device is dead."""
    document = {"organisation": "northtwon", "account": "someone"}

    answer = scene.index.unchanged_by(lambda: scene.index.operate("/revocations", document))

    assert code(answer) == (403, "organisation-unknown")


def test_a_list_that_is_full_takes_no_more_and_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list too long for holders to read would shut everybody out."""
    monkeypatch.setattr("signpost.index.revocations.MOST_TAKEN_BACK", 1)
    assert scene.index.operate("/revocations", {"certificate_identifier": LOST}).status_code == 200

    document = {"organisation": "northtown", "account": "someone"}
    answer = scene.index.unchanged_by(lambda: scene.index.operate("/revocations", document))

    assert code(answer) == (409, "revocations-full")
