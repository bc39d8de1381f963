"""Who may ask at all (protocol.md D2, D4): every doubt about a request refuses it by name and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest

from signpost.protocol.credentials import SHIFT_SECONDS
from signpost.protocol.keys import SigningKey
from signpost.protocol.messages import LookupRequest
from signpost.protocol.purposes import Kind, Role
from signpost.protocol.secret import Secret
from signpost.protocol.signatures import CERTIFICATE_HEADER, CREDENTIAL_HEADER, MAX_SKEW_SECONDS, WINDOW_SECONDS
from tests.integration.index.conftest import Scene
from tests.support.world import YEAR, Device, body_of, whole_child

PATH = "/v1/lookups"


@dataclass
class Sent:
    """A good request, to be spoilt: its headers and its body."""

    headers: dict[str, str]
    body: bytes

    def without(self, *names: str) -> Mapping[str, str]:
        """The headers but some."""
        return {name: text for name, text in self.headers.items() if name.lower() not in names}


def good(scene: Scene, device: Device | None = None, *, created: int | None = None) -> Sent:
    """A lookup as the nurse, or another device, would send it."""
    by = device or scene.nurse
    body = body_of(scene.world.lookup(by, whole_child("ada")))
    return Sent(scene.world.signed_headers(by, PATH, body, created=created), body)


def refused(scene: Scene, body: bytes, headers: Mapping[str, str], path: str = PATH) -> tuple[int, str]:
    """What a request is refused with; every table stays as it was."""
    answer = scene.index.unchanged_by(lambda: scene.index.ask(scene.nurse, path, body, headers=headers))
    return answer.status_code, answer.json()["code"]


def test_a_good_request_is_taken(scene: Scene) -> None:
    """What the other facts spoil is good."""
    sent = good(scene)

    assert scene.index.ask(scene.nurse, PATH, sent.body, headers=sent.headers).status_code == 200


def test_a_request_is_taken_once(scene: Scene) -> None:
    """The very same bytes again, at once or within their window, are a replay."""
    sent = good(scene)
    scene.index.ask(scene.nurse, PATH, sent.body, headers=sent.headers)

    assert refused(scene, sent.body, sent.headers) == (409, "nonce-used")
    scene.world.clock.advance(WINDOW_SECONDS)
    scene.index.sweep()
    assert refused(scene, sent.body, sent.headers) == (409, "nonce-used")


def test_a_replay_never_becomes_possible_again(scene: Scene) -> None:
    """By the time a nonce is forgotten, the request that bore it is stale."""
    ahead = good(scene, created=scene.world.clock.now() + MAX_SKEW_SECONDS)
    scene.index.ask(scene.nurse, PATH, ahead.body, headers=ahead.headers)

    outcomes = set()
    for _ in range(WINDOW_SECONDS + 2 * MAX_SKEW_SECONDS):
        scene.world.clock.advance(1)
        scene.index.sweep()
        answer = scene.index.ask(scene.nurse, PATH, ahead.body, headers=ahead.headers)
        outcomes.add(answer.json()["code"])

    assert outcomes == {"nonce-used", "signature-stale"}
    assert scene.index.tables()["spent_nonces"] == []


def test_a_refused_request_spends_nothing(scene: Scene) -> None:
    """Its nonce and its receipts are there for a request that is put right."""
    request = scene.world.lookup(scene.nurse, whole_child("ada"))
    wrong = request.model_copy(update={"epoch": 9})
    assert scene.index.ask(scene.nurse, PATH, wrong).status_code == 409

    assert scene.index.ask(scene.nurse, PATH, request).status_code == 200


@pytest.mark.parametrize(
    "missing", ["signature", "signature-input", "content-digest", CERTIFICATE_HEADER, CREDENTIAL_HEADER]
)
def test_a_request_without_one_of_its_parts_is_refused(scene: Scene, missing: str) -> None:
    """Signature, digest and both statements must all be there."""
    sent = good(scene)

    status, code = refused(scene, sent.body, sent.without(missing))

    assert status == 401
    assert code == ("signature-invalid" if missing == "content-digest" else "signature-missing")


def test_an_altered_body_is_refused(scene: Scene) -> None:
    """One byte of it."""
    sent = good(scene)

    assert refused(scene, sent.body.replace(b'"now"', b'"week"'), sent.headers) == (401, "signature-invalid")


def test_a_request_for_another_address_is_refused(scene: Scene) -> None:
    """The path is signed, and so is the service: the address in the settings, whatever the Host header says."""
    sent = good(scene)
    assert refused(scene, sent.body, sent.headers, "/v1/registrations") == (401, "signature-invalid")
    assert refused(scene, sent.body, sent.headers, f"{PATH}?x=1") == (401, "signature-invalid")

    scene.world.url = "http://elsewhere:9999"
    elsewhere = good(scene)
    assert refused(scene, elsewhere.body, {**elsewhere.headers, "host": "elsewhere:9999"}) == (401, "signature-invalid")


def test_a_signature_by_another_device_is_refused(scene: Scene) -> None:
    """A colleague's device cannot sign with the nurse's statements."""
    thief = replace(scene.nurse, key=SigningKey(Secret(bytes(32))))
    sent = good(scene, thief)

    assert refused(scene, sent.body, sent.headers) == (401, "signature-invalid")


@pytest.mark.parametrize("away", [-WINDOW_SECONDS - 1, MAX_SKEW_SECONDS + 1])
def test_a_stale_or_early_signature_is_refused(scene: Scene, away: int) -> None:
    """Older than its window, or from the future."""
    sent = good(scene, created=scene.world.clock.now() + away)

    assert refused(scene, sent.body, sent.headers) == (401, "signature-stale")


def recertified(scene: Scene, by: SigningKey, role: Role = Role.URGENT) -> Device:
    """The nurse, with a new certificate signed by some key."""
    nurse = scene.nurse
    made = scene.world.certificate(nurse.organisation, nurse.account, role, nurse.kind, nurse.key)
    return replace(nurse, certificate=made.sign(by))


def colleague(scene: Scene) -> Device:
    """Another nurse of the same hospital."""
    return scene.index.enrol("st-elsewhere", Role.URGENT, Kind.HOSPITAL)


def signed_in_elsewhere(scene: Scene) -> Device:
    """The nurse, with a credential that some other index issued."""
    elsewhere = replace(scene.world, credential_key=scene.nurse.key)
    return replace(scene.nurse, credential=elsewhere.device("st-elsewhere", Role.URGENT).credential)


Spoil = Callable[[Scene], Device]
STATEMENTS: dict[str, tuple[Spoil, int, str]] = {
    "an organisation nobody admitted":
        (lambda s: s.world.device("westtown", Role.URGENT), 403, "organisation-unknown"),
    "a certificate of the account's own making":
        (lambda s: recertified(s, s.nurse.key), 401, "certificate-invalid"),
    "a certificate signed by another organisation":
        (lambda s: recertified(s, s.world.organisation_key("northtown")), 401, "certificate-invalid"),
    "a certificate that is none":
        (lambda s: replace(s.nurse, certificate="e30.e30.e30"), 401, "certificate-invalid"),
    "a credential for a certificate":
        (lambda s: replace(s.nurse, certificate=s.nurse.credential), 403, "organisation-unknown"),
    "a certificate for a credential":
        (lambda s: replace(s.nurse, credential=s.nurse.certificate), 401, "credential-invalid"),
    "a credential of another index":
        (signed_in_elsewhere, 401, "credential-invalid"),
    "a colleague's credential":
        (lambda s: replace(s.nurse, credential=colleague(s).credential), 401, "credential-mismatch"),
    "a colleague's certificate":
        (lambda s: replace(s.nurse, certificate=colleague(s).certificate), 401, "credential-mismatch"),
    "a role that the credential has not":
        (lambda s: recertified(s, s.world.organisation_key("st-elsewhere"), Role.FEED), 401, "credential-mismatch"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "status", "code"), STATEMENTS.values(), ids=STATEMENTS.keys())
def test_statements_that_do_not_hold_are_refused(scene: Scene, spoil: Spoil, status: int, code: str) -> None:
    """The organisation's word and the index's must both be good, and of one account, role and device."""
    sent = good(scene, spoil(scene))

    assert refused(scene, sent.body, sent.headers) == (status, code)


def test_a_shift_ends(scene: Scene) -> None:
    """To the second: then the credential has run out."""
    scene.world.clock.advance(SHIFT_SECONDS - 1)
    assert scene.index.look_up(scene.nurse, whole_child("ada")) == "none"
    scene.world.clock.advance(1)
    sent = good(scene)

    assert refused(scene, sent.body, sent.headers) == (401, "credential-expired")


def test_a_certificate_ends_too(scene: Scene) -> None:
    """However long a credential would still last."""
    scene.world.clock.advance(YEAR)
    sent = good(scene)

    assert refused(scene, sent.body, sent.headers) == (401, "certificate-expired")


def test_a_request_is_known_before_it_is_read(scene: Scene) -> None:
    """Nonsense from a stranger is refused as a stranger's; nonsense from somebody known, as nonsense."""
    nonsense = b'{"epoch": "eleven", "who": "me"}'

    assert refused(scene, nonsense, {"content-type": "application/json"}) == (401, "signature-missing")
    headers = scene.world.signed_headers(scene.nurse, PATH, nonsense)
    assert refused(scene, nonsense, headers) == (422, "malformed")


def test_a_refusal_repeats_nothing(scene: Scene) -> None:
    """Where it is wrong is told by our own field names; what was sent is nowhere in the answer."""
    request = scene.world.lookup(scene.nurse, whole_child("ada"))
    document = request.model_dump(mode="json") | {"epoch": "eleventy", "mothers_maiden_name": "Weatherwax"}
    body = json.dumps(document).encode()

    answer = scene.index.ask(scene.nurse, PATH, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
    assert answer.json()["errors"][0]["pointer"] == "/epoch"
    assert not any(word in answer.text for word in ("eleventy", "Weatherwax", "maiden", request.receipts[0][:20]))


def test_every_flipped_byte_of_a_signed_request_is_refused(scene: Scene) -> None:
    """In the body, or in any header that came with it, at a hundred places."""
    sent = good(scene)
    chance = scene.world.randomness
    signed = ["signature", "signature-input", "content-digest", CERTIFICATE_HEADER, CREDENTIAL_HEADER]
    names = {name.lower(): name for name in sent.headers}
    codes = set()
    before = scene.index.tables()

    for _ in range(100):
        where = int.from_bytes(chance(2), "big")
        headers, body = dict(sent.headers), sent.body
        if where % 6 == 5:
            at = where % len(body)
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        else:
            name = names[signed[where % 5]]
            at = where % len(headers[name])
            other = "B" if headers[name][at] == "A" else "A"
            headers[name] = headers[name][:at] + other + headers[name][at + 1 :]
        answer = scene.index.ask(scene.nurse, PATH, body, headers=headers)
        codes.add(answer.status_code)

    assert codes <= {401, 403}
    assert scene.index.tables() == before
    LookupRequest.model_validate_json(sent.body)  # what was flipped had been good
