"""The index's settings: what is refused, and by which name."""

from __future__ import annotations

from pathlib import Path

import pytest

from signpost.index.app import read_manifest
from signpost.index.settings import IndexSettings
from signpost.service.refusals import RefusalCode, StartRefused
from tests.support.world import same_holders

LEAST = 'port = 8000\npublic_url = "http://127.0.0.1:8000"\ndata_dir = "data"\n'


def load(folder: Path, text: str) -> IndexSettings:
    """Settings as they stand in a file."""
    file = folder / "index.toml"
    file.write_text(text)
    return IndexSettings.load(file)


def test_the_defaults_are_those_of_the_design(tmp_path: Path) -> None:
    """A look-back of twelve months, a tick of 200 milliseconds, loopback; paths are the file's neighbours."""
    settings = load(tmp_path, LEAST)

    assert (settings.look_back_months, settings.settling_tick_ms, settings.host) == (12, 200, "127.0.0.1")
    assert settings.database == tmp_path / "data" / "index.sqlite"
    assert settings.key_file == tmp_path / "data" / "keys" / "index-keys.json"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('public_url = "ftp://127.0.0.1"', "public_url"),
        ('expected_organisations = ["Not A Name"]', "expected_organisations"),
        ('expected_organisations = ["northtown", "northtown"]', "settings"),
        ("settling_tick_ms = 1", "settling_tick_ms"),
        ("look_back_months = -1", "look_back_months"),
        ('tls_certificate = "c.pem"', "settings: tls_certificate and tls_key go together"),
        ('tls_certificate = "c.pem"\ntls_key = "k.pem"', "settings: public_url begins with https://"),
        ("unheard_of = 1", "unheard_of"),
    ],
)
def test_a_bad_setting_is_refused_by_its_name(line: str, named: str, tmp_path: Path) -> None:
    """The field is named; what was written there is not repeated."""
    lines = [kept for kept in LEAST.splitlines() if kept.split(" =")[0] != line.split(" =")[0]]

    with pytest.raises(StartRefused) as refused:
        load(tmp_path, "\n".join([*lines, line]))

    assert refused.value.code is RefusalCode.SETTINGS_MALFORMED
    assert any(detail.startswith(named) for detail in refused.value.details)
    assert "Not A Name" not in str(refused.value)


def test_serving_needs_a_manifest(tmp_path: Path) -> None:
    """The keys are made before there is one, so it is missed only when the index is to serve."""
    with pytest.raises(StartRefused) as refused:
        read_manifest(load(tmp_path, LEAST), file=tmp_path / "index.toml")

    assert refused.value.details == ("manifest: is missing", "manifest_fingerprint: is missing")
    assert "index.toml" in str(refused.value)


def test_a_manifest_of_another_fingerprint_is_refused(tmp_path: Path) -> None:
    """Signed by all its holders, and still not the one the operator was told of."""
    signed = same_holders().signed
    (tmp_path / "manifest.json").write_bytes(signed.encoding())
    named = LEAST + 'manifest = "manifest.json"\nmanifest_fingerprint = '

    assert read_manifest(load(tmp_path, f'{named}"{signed.manifest.fingerprint()}"')) == signed.manifest
    with pytest.raises(StartRefused) as refused:
        read_manifest(load(tmp_path, f'{named}"{"A" * 43}"'))

    assert refused.value.code is RefusalCode.MANIFEST_UNEXPECTED
    assert "not the one whose fingerprint is in the settings" in str(refused.value)


def test_a_manifest_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    """What not all holders signed is no manifest."""
    signed = same_holders().signed
    (tmp_path / "manifest.json").write_bytes(signed.encoding().replace(b'"epoch":1', b'"epoch":2'))
    settings = load(
        tmp_path, f'{LEAST}manifest = "manifest.json"\nmanifest_fingerprint = "{signed.manifest.fingerprint()}"'
    )

    with pytest.raises(StartRefused) as refused:
        read_manifest(settings)

    assert refused.value.code is RefusalCode.DOCUMENT_REFUSED
