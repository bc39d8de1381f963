"""Who sees which page of a gateway, written out a second time: a page that somebody else is given by mistake is red."""

from __future__ import annotations

import pytest

from signpost.edge.gateway.pages.navigation import PLACES, home_of
from signpost.protocol.gateways import GATEWAY_ROLES
from signpost.protocol.purposes import Kind, Role

ANYBODY = {"/", "/sign-in", "/enrol", "/enrol/codes", "/enrol/done", "/password", "/password/changed"}
SIGNED_IN = ANYBODY | {"/sign-out", "/pin", "/unlock", "/coverage"}
ASKING = {
    "/check", "/check/upn", "/check/name", "/check/deep", "/check/again", "/call-back", "/call-back/leave",
    "/call-back/outcome", "/call-back/noted", "/inbox", "/inbox/request", "/inbox/reply", "/inbox/shared",
    "/inbox/handed-over", "/inbox/ended", "/inbox/declined", "/involvements", "/involvements/end",
    "/involvements/hand-over", "/involvements/ended", "/involvements/handed-over",
}  # fmt: skip
GLASS = {"/break-glass", "/break-glass/confirm"}
SHIELDS = {"/shields", "/shields/hide", "/shields/approve", "/shields/end", "/shields/identity-ended"}
DESK = {"/desk", "/desk/decide"}
RIGHTS = {
    "/rights", "/rights/ask", "/rights/decide", "/rights/read", "/rights/download", "/rights/object",
    "/rights/take-back", "/rights/correct", "/rights/withdraw",
}  # fmt: skip
REVIEWS = {"/reviews", "/reviews/close"}
LOOK_AT_FEEDS = {"/feeds", "/feeds/run", "/feeds/errors"}
ADMINISTER = {"/administration", "/accounts", "/accounts/suspend", "/handles"}
THEIRS = {
    (Role.PRACTITIONER, Kind.COUNCIL): ASKING,
    (Role.PRACTITIONER, Kind.HOSPITAL): ASKING,
    (Role.PRACTITIONER, Kind.POLICE): ASKING,
    (Role.URGENT, Kind.COUNCIL): ASKING | GLASS | {"/check/mother"},
    (Role.URGENT, Kind.POLICE): ASKING | GLASS | {"/check/mother"},
    (Role.MATERNITY, Kind.HOSPITAL): ASKING | {"/check/mother"},
    (Role.SHIELDING_OFFICER, Kind.COUNCIL): SHIELDS,
    (Role.SHIELDING_OFFICER, Kind.SHIELDING_DESK): DESK,
    (Role.SHIELDING_OFFICER, Kind.HOSPITAL): set(),
    (Role.RIGHTS_OFFICER, Kind.COUNCIL): RIGHTS | REVIEWS,
    (Role.RIGHTS_OFFICER, Kind.POLICE): REVIEWS,
    (Role.RIGHTS_OFFICER, Kind.SHIELDING_DESK): set(),
    (Role.AUDITOR, Kind.COUNCIL): set(),
    (Role.AUDITOR, Kind.OVERSIGHT): set(),
    (Role.DATA_OFFICER, Kind.COUNCIL): LOOK_AT_FEEDS | {"/feeds/upload", "/feeds/cancel"},
    (Role.ADMINISTRATOR, Kind.COUNCIL): LOOK_AT_FEEDS | ADMINISTER,
    (Role.ADMINISTRATOR, Kind.SHIELDING_DESK): LOOK_AT_FEEDS | ADMINISTER,
}


@pytest.mark.parametrize(("role", "kind"), THEIRS)
def test_a_role_sees_its_own_pages_and_no_other(role: Role, kind: Kind) -> None:
    seen = {path for path, place in PLACES.items() if place.is_for(role, kind)}

    assert seen == SIGNED_IN | THEIRS[role, kind]
    assert home_of(role, kind) in seen


def test_every_role_of_a_gateway_and_every_page_is_among_them() -> None:
    assert {role for role, _ in THEIRS} == GATEWAY_ROLES
    assert SIGNED_IN.union(*THEIRS.values()) == PLACES.keys()


def test_whoever_is_not_signed_in_sees_what_one_signs_in_with() -> None:
    assert {path for path, place in PLACES.items() if place.roles is None} == ANYBODY
