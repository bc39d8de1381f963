"""Passwords are kept as Argon2id hashes at the cost that OWASP asks for, and what is typed is what is checked."""

from __future__ import annotations

import unicodedata

import pytest

from signpost.protocol.passwords import PasswordCost, as_secret, hash_password, hashed_at, password_fits

_SALT = bytes(range(16))
_CHEAP = PasswordCost(memory_kib=8, passes=1)


def test_a_hash_says_how_it_was_made() -> None:
    """OWASP's password storage cheat sheet: Argon2id with 19 MiB, two passes and one lane, or more."""
    kept = hash_password(as_secret("four unlikely words together"), salt=_SALT)

    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hashed_at(kept, PasswordCost())
    assert not hashed_at(kept, PasswordCost(passes=3))
    assert "unlikely" not in kept


@pytest.mark.parametrize(
    "typed",
    ["Harbour-lantern-7", " harbour-lantern-7", "harbour-lantern-7 ", "harbour-lantern-", "harbour-lantern-7\0"],
)
def test_nothing_but_what_was_chosen_fits(typed: str) -> None:
    """No change of case, nothing trimmed and nothing cut off (ASVS 6.2.8)."""
    kept = hash_password(as_secret("harbour-lantern-7"), salt=_SALT, cost=_CHEAP)

    assert password_fits(kept, as_secret("harbour-lantern-7"))
    assert not password_fits(kept, as_secret(typed))


def test_the_last_of_128_letters_counts() -> None:
    kept = hash_password(as_secret("é" * 128), salt=_SALT, cost=_CHEAP)

    assert password_fits(kept, as_secret("é" * 128))
    assert not password_fits(kept, as_secret("é" * 127 + "e"))


def test_it_does_not_matter_how_a_keyboard_spells_a_letter() -> None:
    kept = hash_password(as_secret(unicodedata.normalize("NFC", "café-à-la-gare")), salt=_SALT, cost=_CHEAP)

    assert password_fits(kept, as_secret(unicodedata.normalize("NFD", "café-à-la-gare")))


@pytest.mark.parametrize(
    "kept", ["", "$", "harbour-lantern-7", "$argon2id$v=19$m=8,t=1,p=1$AAAA", "$2b$12$abcdefghijklmnopqrstuv", "é"]
)
def test_what_is_no_hash_fits_nothing(kept: str) -> None:
    assert not password_fits(kept, as_secret("harbour-lantern-7"))


def test_a_hash_of_another_kind_of_argon2_fits_nothing() -> None:
    """Argon2i and Argon2d hashes are not ours: a database that was written to cannot bring them in."""
    from argon2.low_level import Type, hash_secret

    other = hash_secret(b"harbour-lantern-7", _SALT, 1, 8, 1, 32, Type.I).decode()

    assert not password_fits(other, as_secret("harbour-lantern-7"))


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_is_sixteen_bytes(salt: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        hash_password(as_secret("harbour-lantern-7"), salt=salt, cost=_CHEAP)
