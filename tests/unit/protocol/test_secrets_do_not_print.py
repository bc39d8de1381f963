"""A secret shows its length at most, however it is shown."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable

import pytest

from signpost.protocol.group import Element, Scalar, base_multiply
from signpost.protocol.keys import SigningKey
from signpost.protocol.sealing import OpeningKey
from signpost.protocol.secret import Secret

_VALUE = b"correct horse battery staple 012"
_SECRETS: list[object] = [
    Secret(_VALUE),
    SigningKey(Secret(_VALUE)),
    OpeningKey(Secret(_VALUE)),
    Scalar.from_uniform(_VALUE * 2),
    base_multiply(Scalar.from_uniform(_VALUE * 2)),
]
_WAYS: list[Callable[[object], str]] = [
    repr,
    str,
    lambda secret: f"{secret}",
    lambda secret: f"{secret!r:>80}",
    lambda secret: f"{[secret]} { ({'k': secret}) } {(secret,)}",
    lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - one of the ways
    lambda secret: "{0} {0!s}".format(secret),  # noqa: UP032 - one of the ways
]


def _forms() -> list[str]:
    scalar = Scalar.from_uniform(_VALUE * 2)
    raws = [_VALUE, scalar.encoding(), base_multiply(scalar).encoding]
    return [form for raw in raws for form in (raw.hex(), repr(raw)[2:-1], str(list(raw))[1:-1])]


@pytest.mark.parametrize("way", _WAYS)
@pytest.mark.parametrize("secret", _SECRETS, ids=lambda secret: type(secret).__name__)
def test_no_way_of_formatting_shows_it(secret: object, way: Callable[[object], str]) -> None:
    shown = way(secret)

    assert not any(form in shown for form in _forms())


@pytest.mark.parametrize("secret", _SECRETS, ids=lambda secret: type(secret).__name__)
def test_no_traceback_or_log_shows_it(secret: object, caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("something else went wrong", secret)
    except ValueError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    logging.getLogger("test").warning("%s", secret)

    assert not any(form in shown + caplog.text for form in _forms())


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, bytes, hash])
def test_a_secret_is_not_pickled_copied_dumped_turned_to_bytes_or_hashed(way: Callable[[object], object]) -> None:
    with pytest.raises(TypeError):
        way(Secret(_VALUE))


def test_a_secret_equals_its_like_and_comes_out_by_name_only() -> None:
    assert Secret(_VALUE) == Secret(_VALUE)
    assert Secret(_VALUE) != Secret(_VALUE[:-1] + b"!")
    assert Secret(_VALUE) != _VALUE
    assert Secret(_VALUE).reveal() == _VALUE
    assert len(Secret(_VALUE)) == 32
    assert not hasattr(Secret(_VALUE), "__dict__")
    assert Element(bytes(32)) != bytes(32)
