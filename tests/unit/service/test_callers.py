"""How many may be connected, in all and from one address, and what counts as one."""

from __future__ import annotations

import resource

import pytest

from signpost.service.callers import CallerLimits, Places, site_of


def test_one_address_has_a_share_and_the_others_keep_theirs() -> None:
    """What one has too many is refused; and has a place again once one of its own is gone."""
    places = Places(CallerLimits(connections=10, of_one_address=2))

    first = [places.take("192.0.2.1") for _ in range(3)]
    other = places.take("192.0.2.2")
    places.give_back("192.0.2.2")
    still = places.take("192.0.2.1")
    places.give_back("192.0.2.1")
    again = places.take("192.0.2.1")

    assert first == [True, True, False]
    assert (other, still, again) == (True, False, True)


def test_together_they_have_no_more_places_than_there_are() -> None:
    """Those without a share count too."""
    places = Places(CallerLimits(connections=3, of_one_address=2))

    taken = [places.take(site) for site in ("192.0.2.1", None, None, None, "192.0.2.2")]
    places.give_back(None)

    assert taken == [True, True, True, False, False]
    assert places.take("192.0.2.2")


def test_a_service_keeps_descriptors_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many connections the settings allow, files can still be opened."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (130, 130))

    places = Places(CallerLimits())

    assert [places.take(None) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", ""])
def test_what_comes_from_this_machine_has_no_share(host: str) -> None:
    """Behind a proxy here everybody does, and a Unix socket has no address."""
    assert site_of(host) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", False, id="two of IPv4"),
        pytest.param("192.0.2.1", "::ffff:192.0.2.1", True, id="one in the form of the other"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", True, id="two of one site"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:2::1", False, id="two of two sites"),
        pytest.param("fe80::1%eth0", "fe80::2%eth0", True, id="neighbours"),
    ],
)
def test_a_share_is_an_address_or_a_site_of_ipv6(one: str, other: str, same: bool) -> None:
    """A machine with IPv6 makes as many addresses of its site as it likes."""
    assert (site_of(one) == site_of(other)) is same
    assert None not in (site_of(one), site_of(other))
