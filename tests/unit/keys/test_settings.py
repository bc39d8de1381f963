"""A holder's settings: read once, each malformed field named, no value repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from signpost.service.refusals import RefusalCode, StartRefused
from signpost_keys.metering import Allowances
from signpost_keys.settings import HolderSettings
from tests.support.askers import new_key

KEY = new_key().verify_key.text
GOOD = {
    "port": "8101",
    "public_url": '"http://127.0.0.1:8101"',
    "data_dir": '"data"',
    "index_url": '"http://127.0.0.1:8100"',
    "index_credential_key": f'"{KEY}"',
}


def _written(path: Path, **changed: str) -> Path:
    file = path / "settings.toml"
    lines = [f"{name} = {value}" for name, value in {**GOOD, **changed}.items() if value]
    file.write_text("\n".join(lines))
    return file


def test_the_defaults_are_the_ones_the_design_gives(tmp_path: Path) -> None:
    settings = HolderSettings.load(_written(tmp_path))

    assert settings.host == "127.0.0.1"
    assert settings.budgets.allowances() == Allowances(practitioner=60, urgent=200)
    assert settings.folder.path == tmp_path / "data"
    assert settings.folder.socket == tmp_path / "data" / "custody.sock"


def test_budgets_are_settings(tmp_path: Path) -> None:
    settings = HolderSettings.load(_written(tmp_path, budgets="{practitioner_lookups = 10}"))

    assert settings.budgets.allowances() == Allowances(practitioner=10, urgent=200)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("port", "70000"),
        ("port", '"x"'),
        ("public_url", '"http://127.0.0.1:8101/path"'),
        ("public_url", '"ftp://secret-host"'),
        ("index_url", '"secret-host"'),
        ("index_credential_key", '"secret"'),
        ("index_credential_key", ""),
        ("budgets", "{practitioner_lookups = 0}"),
        ("budgets", "{secret = 1}"),
        ("passphrase", '"secret"'),
    ],
)
def test_a_malformed_field_stops_the_start_by_its_name(tmp_path: Path, field: str, value: str) -> None:
    """A passphrase in the settings is one of them: there is no such field."""
    with pytest.raises(StartRefused) as refused:
        HolderSettings.load(_written(tmp_path, **{field: value}))

    assert refused.value.code is RefusalCode.SETTINGS_MALFORMED
    assert field in str(refused.value)
    assert "secret-host" not in str(refused.value)
    assert '"secret"' not in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tls_key": '"k.pem"'}, "tls_certificate and tls_key go together"),
        ({"tls_certificate": '"c.pem"', "tls_key": '"k.pem"'}, "public_url begins with https://"),
    ],
)
def test_a_certificate_has_its_key_and_an_https_address(changed: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(StartRefused) as refused:
        HolderSettings.load(_written(tmp_path, **changed))

    assert said in str(refused.value)
