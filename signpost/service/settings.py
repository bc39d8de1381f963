"""Settings: a TOML file, and the environment over it. Read once at start, then frozen.

An unknown or malformed field stops the start and is listed by name with a reason code; what was written there is never
repeated. Paths are taken relative to the settings file's folder, so that a folder can be moved whole.
"""

from __future__ import annotations

import os
import re
import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from signpost.service.files import refuse_unless_private
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["RelativePath", "SecretPath", "ServiceSettings"]

_folder: ContextVar[Path] = ContextVar("settings_folder")


def _anchored(path: Path) -> Path:
    return _folder.get(Path.cwd()) / path


def _private(path: Path) -> Path:
    if path.exists():
        refuse_unless_private(path)
    return path


RelativePath = Annotated[Path, AfterValidator(_anchored)]
"""A path in settings: absolute, or relative to the settings file's folder. Absolute once read."""

SecretPath = Annotated[Path, AfterValidator(_anchored), AfterValidator(_private)]
"""As `RelativePath`, of a file that holds a secret: where it exists it must be 0600, or the start is refused."""


class ServiceSettings(BaseSettings):
    """The base of a service's settings.

    A subclass names its prefix: `model_config = SettingsConfigDict(env_prefix="SIGNPOST_INDEX_")`. The field `tls.key`
    is then `SIGNPOST_INDEX_TLS__KEY` in the environment.
    """

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, env_nested_delimiter="__", validate_default=True
    )

    @classmethod
    def load(cls, file: Path) -> Self:
        """Reads the file and the environment.

        Raises:
            StartRefused: FILE_UNREADABLE; SETTINGS_MALFORMED with each field and a reason code; FILE_OPEN_TO_OTHERS.
        """
        values = _parsed(file)
        cls._refuse_unknown_environment(file)
        token = _folder.set(file.absolute().parent)
        try:
            return cls(**values)
        except ValidationError as error:
            raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=_reasons(error)) from None
        except SettingsError as error:
            # A variable that should be JSON and is not. The message names the field; its cause would give the value.
            field = re.search(r'field "(\w+)"', str(error))
            details = (f"{field[1] if field else 'environment'}: not_json",)
            raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=details) from None
        finally:
            _folder.reset(token)

    @classmethod
    def _refuse_unknown_environment(cls, file: Path) -> None:
        # pydantic-settings passes over a misspelt variable in silence.
        prefix = cls.model_config["env_prefix"].upper()
        fields = {name.upper() for name in cls.model_fields}
        named = (name.upper().removeprefix(prefix) for name in os.environ if name.upper().startswith(prefix))
        if unknown := sorted(name for name in named if name.partition("__")[0] not in fields):
            details = tuple(f"{_field((prefix + name,))}: extra_forbidden" for name in unknown)
            raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=details)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then the file's values, which arrive as arguments; no dotenv file, no secrets."""
        return env_settings, init_settings


def _parsed(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_bytes().decode())
    except OSError as error:
        raise StartRefused(RefusalCode.FILE_UNREADABLE, path=file) from error
    except UnicodeDecodeError:
        raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=("not_utf8",)) from None
    except tomllib.TOMLDecodeError as error:
        # The message quotes the character it stumbled over; the line is enough.
        line = re.search(r"line (\d+)", str(error))
        details = (f"line {line[1]}: not_toml" if line else "not_toml",)
        raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=details) from None


def _reasons(error: ValidationError) -> tuple[str, ...]:
    return tuple(
        f"{_field(problem['loc'])}: {problem['type']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )


def _field(location: tuple[int | str, ...]) -> str:
    # An unknown field's name was typed by whoever wrote the file. It is shown only where it looks like a name.
    return ".".join(str(part) if re.fullmatch(r"\w{1,40}", str(part)) else "?" for part in location) or "settings"
