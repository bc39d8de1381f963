"""Who may do what at the index: the whole truth table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signpost.index.permissions import Act, Allowed, Refused, may, may_look_up, require
from signpost.protocol.credentials import AccountId, Asker, OrganisationId
from signpost.protocol.keys import SigningKey
from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import PURPOSES_OF, Kind, Purpose, Role
from signpost.protocol.secret import Secret

ONLY_FEEDS = {Act.REGISTER, Act.CHANGE, Act.LIST_INVOLVEMENTS, Act.FINISH_FEED}


def asker(role: Role) -> Asker:
    """Somebody in a role, with every purpose the role has."""
    device = SigningKey(Secret(bytes(32))).verify_key
    return Asker(
        OrganisationId("northtown"),
        AccountId("someone"),
        role,
        Kind.COUNCIL,
        PURPOSES_OF[role],
        device,
        "c",
        "s",
        9,
        9,
        0,
    )


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("act", Act)
def test_a_caseload_is_written_and_read_by_feeds_alone(role: Role, act: Act) -> None:
    """Only a feed registers, changes, lists and finishes; everybody may list handles."""
    allowed = role is Role.FEED or act not in ONLY_FEEDS

    assert may(asker(role), act) == (Allowed() if allowed else Refused(ProblemCode.ROLE_REFUSED))


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("purpose", Purpose)
def test_a_role_uses_only_its_purposes(role: Role, purpose: Purpose) -> None:
    """A purpose that the role has is allowed, another is refused, and a feed looks nobody up."""
    verdict = may_look_up(asker(role), purpose)

    if role is Role.FEED:
        assert verdict == Refused(ProblemCode.ROLE_REFUSED)
    elif purpose in PURPOSES_OF[role]:
        assert verdict == Allowed()
    else:
        assert verdict == Refused(ProblemCode.PURPOSE_REFUSED)


@pytest.mark.parametrize(
    ("role", "verdict"),
    [
        (Role.PRACTITIONER, Refused(ProblemCode.ROLE_REFUSED)),
        (Role.URGENT, Allowed()),
        (Role.FEED, Refused(ProblemCode.ROLE_REFUSED)),
    ],
)
def test_only_urgent_roles_ask_by_the_mothers_number(role: Role, verdict: Allowed | Refused) -> None:
    """Whatever the purpose; and an urgent role still only for its own."""
    assert may_look_up(asker(role), Purpose.SECTION_47, by_mother=True) == verdict
    assert may_look_up(asker(Role.URGENT), Purpose.SECTION_17, by_mother=True) == Refused(ProblemCode.PURPOSE_REFUSED)


def test_a_credential_without_the_purpose_does_not_do() -> None:
    """The role alone is not enough: this shift's credential must name the purpose too."""
    narrowed = replace(asker(Role.PRACTITIONER), purposes=(Purpose.SECTION_17,))

    assert may_look_up(narrowed, Purpose.SECTION_47) == Refused(ProblemCode.PURPOSE_REFUSED)


def test_nor_does_a_credential_that_names_too_much() -> None:
    """A purpose the role has not is refused, whatever the credential says."""
    widened = replace(asker(Role.PRACTITIONER), purposes=tuple(Purpose))

    assert may_look_up(widened, Purpose.VITAL_INTERESTS) == Refused(ProblemCode.PURPOSE_REFUSED)


def test_a_refusal_is_raised_by_its_name() -> None:
    """What a verdict refuses stops there, with the verdict's own reason."""
    require(Allowed())

    with pytest.raises(Problem) as refused:
        require(Refused(ProblemCode.ROLE_REFUSED))

    assert refused.value.code is ProblemCode.ROLE_REFUSED
