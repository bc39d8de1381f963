"""Settings are read whole and well-formed, or the service does not start; what was written in them is not repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import SettingsConfigDict

from signpost.service.refusals import RefusalCode, StartRefused
from signpost.service.settings import RelativePath, SecretPath, ServiceSettings


class Tls(BaseModel):
    """A part of the settings with paths of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    certificate: RelativePath
    key: SecretPath


def _colour(text: str) -> str:
    if text not in ("red", "green"):
        raise ValueError("must be red or green")
    return text


class LampSettings(ServiceSettings):
    """A service's settings."""

    model_config = SettingsConfigDict(env_prefix="LAMP_")
    port: int
    data: RelativePath = Path("data")
    rooms: tuple[str, ...] = ()
    tls: Tls | None = None
    watts: Annotated[int, Field(ge=1, le=100)] = 60
    colour: Annotated[str, AfterValidator(_colour)] = "red"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lamp.toml"


def refusal(file: Path) -> StartRefused:
    with pytest.raises(StartRefused) as refused:
        LampSettings.load(file)
    assert refused.value.code is RefusalCode.SETTINGS_MALFORMED
    assert refused.value.__cause__ is None, "the cause would quote what was written"
    return refused.value


def test_paths_are_relative_to_the_settings_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not to where the service was started from; an absolute path stays."""
    file.write_text('port = 9\n[tls]\ncertificate = "tls/chain.pem"\nkey = "/etc/lamp.key"')
    monkeypatch.chdir("/")

    settings = LampSettings.load(file)

    assert settings.data == file.parent / "data"
    assert settings.tls == Tls(certificate=file.parent / "tls/chain.pem", key=Path("/etc/lamp.key"))


def test_the_environment_goes_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('port = 9\n[tls]\ncertificate = "chain.pem"\nkey = "a.key"')
    monkeypatch.setenv("LAMP_PORT", "11")
    monkeypatch.setenv("LAMP_TLS__KEY", "b.key")

    settings = LampSettings.load(file)

    assert settings.port == 11
    assert settings.tls == Tls(certificate=file.parent / "chain.pem", key=file.parent / "b.key")


def test_settings_do_not_change_once_read(file: Path) -> None:
    file.write_text("port = 9")
    settings = LampSettings.load(file)

    with pytest.raises(ValidationError):
        settings.port = 10  # type: ignore[misc]  # the type checker refuses it too


def test_every_wrong_field_is_named_with_a_reason_and_no_value(file: Path) -> None:
    file.write_text('port = "heirloom"\nprot = 3\n"an heirloom" = 4\n[tls]\nkay = "heirloom"')

    refused = refusal(file)

    assert set(refused.details) == {
        "port: must be a whole number",
        "prot: unknown field",
        "?: unknown field",
        "tls.certificate: is missing",
        "tls.key: is missing",
        "tls.kay: unknown field",
    }
    assert "heirloom" not in str(refused)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("watts = 0", "watts: is too small: at least 1"),
        ("watts = 101", "watts: is too large: at most 100"),
        ("watts = 1.5", "watts: must be a whole number"),
        ('rooms = "hall"', "rooms: must be a list"),
        ("rooms = [1]", "rooms.0: must be text"),
        ("data = 1", "data: must be a path, as text"),
        ('tls = "chain.pem"', "tls: must be a table of fields"),
        ('colour = "heirloom"', "colour: must be red or green"),
    ],
)
def test_the_reason_is_in_words(line: str, reason: str, file: Path) -> None:
    """pydantic's for what it checks, and our own for what we do."""
    file.write_text(f"port = 9\n{line}")

    assert refusal(file).details == (reason,)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param(b"port = 9\nrooms = heirloom", "line 2 is not TOML", id="no TOML"),
        pytest.param(b"port = 9\nport = 10\n", "line 2 is not TOML", id="a field twice"),
        pytest.param(b"port = 9 # \xff", "it is not UTF-8 text", id="no UTF-8"),
    ],
)
def test_a_file_that_is_no_toml_is_refused_by_line(file: Path, written: bytes, reason: str) -> None:
    file.write_bytes(written)

    refused = refusal(file)

    assert refused.details == (reason,)


def test_a_malformed_variable_is_named_without_its_value(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("port = 9")
    monkeypatch.setenv("LAMP_ROOMS", "{heirloom")

    refused = refusal(file)

    assert refused.details == ("rooms: must be JSON",)


def test_a_misspelt_variable_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would otherwise be passed over in silence, and the service run with something else."""
    file.write_text("port = 9")
    monkeypatch.setenv("LAMP_PROT", "11")

    assert refusal(file).details == ("LAMP_PROT: unknown field",)


def test_a_missing_file_is_refused(file: Path) -> None:
    with pytest.raises(StartRefused) as refused:
        LampSettings.load(file)

    assert refused.value.code is RefusalCode.FILE_UNREADABLE


def test_a_secret_others_can_read_stops_the_start(file: Path) -> None:
    """One that is not there yet does not: a ceremony may be about to make it."""
    file.write_text('port = 9\n[tls]\ncertificate = "chain.pem"\nkey = "lamp.key"')
    LampSettings.load(file)
    key = file.parent / "lamp.key"
    key.touch()
    key.chmod(0o644)

    with pytest.raises(StartRefused) as refused:
        LampSettings.load(file)

    assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS
    assert refused.value.path == key
