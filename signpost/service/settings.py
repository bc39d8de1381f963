"""Settings: a TOML file, and the environment over it. Read once at start, then frozen.

An unknown or malformed field stops the start and is listed by name with the reason in words; what was written there is
never repeated. Paths are taken relative to the settings file's folder, so that a folder can be moved whole.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from signpost.service.files import refuse_unless_private
from signpost.service.refusals import RefusalCode, StartRefused

__all__ = ["RelativePath", "SecretPath", "ServiceSettings", "refuse_half_tls"]

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
            StartRefused: FILE_UNREADABLE; SETTINGS_MALFORMED with each field and the reason; FILE_OPEN_TO_OTHERS.
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
            details = (f"{field[1] if field else 'environment'}: must be JSON",)
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
            details = tuple(f"{_field((prefix + name,))}: {_WORDS['extra_forbidden']}" for name in unknown)
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
        raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=("it is not UTF-8 text",)) from None
    except tomllib.TOMLDecodeError as error:
        # The message quotes the character it stumbled over; the line is enough.
        line = re.search(r"line (\d+)", str(error))
        details = (f"line {line[1]} is not TOML" if line else "it is not TOML",)
        raise StartRefused(RefusalCode.SETTINGS_MALFORMED, path=file, details=details) from None


_WORDS: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "extra_forbidden": "unknown field",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "path_type": "must be a path, as text",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "model_type": "must be a table of fields",
    "model_attributes_type": "must be a table of fields",
    "greater_than_equal": "is too small: at least {ge}",
    "less_than_equal": "is too large: at most {le}",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "string_pattern_mismatch": "is not of its form",
    "value_error": "{error}",
}
"""Our words for pydantic's codes. What stands in braces is a bound of ours, or what a check of ours said."""


def _reasons(error: ValidationError) -> tuple[str, ...]:
    return tuple(
        f"{_field(problem['loc'])}: {_words(problem)}"
        for problem in error.errors(include_url=False, include_input=False)
    )


def _words(problem: ErrorDetails) -> str:
    return _WORDS.get(problem["type"], "is not of its form").format_map(problem.get("ctx", {}))


def refuse_half_tls(*, certificate: Path | None, key: Path | None, public_url: str) -> None:
    """Raises ValueError where a certificate stands without its key, or others are told an address without TLS."""
    if (certificate is None) != (key is None):
        raise ValueError("tls_certificate and tls_key go together: set both or neither")
    if certificate is not None and not public_url.startswith("https://"):
        raise ValueError("public_url begins with https:// where there is a tls_certificate")


def _field(location: tuple[int | str, ...]) -> str:
    # An unknown field's name was typed by whoever wrote the file. It is shown only where it looks like a name.
    return ".".join(str(part) if re.fullmatch(r"\w{1,40}", str(part)) else "?" for part in location) or "settings"
