"""The gateway's settings: one TOML file, each default with its reason. `SIGNPOST_GATEWAY_…` in the environment
overrides.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from signpost.edge.gateway.sessions import LOCK_SECONDS
from signpost.service.listening import PublicAddress, Tls
from signpost.service.settings import RelativePath, SecretPath, ServiceSettings, refuse_half_tls

__all__ = ["GatewaySettings"]


class GatewaySettings(ServiceSettings):
    """What a gateway is told at start."""

    model_config = SettingsConfigDict(env_prefix="SIGNPOST_GATEWAY_")

    host: str = "127.0.0.1"
    """Loopback unless a certificate is given."""
    port: Annotated[int, Field(ge=0, le=65_535)]
    tls_certificate: RelativePath | None = None
    tls_key: SecretPath | None = None
    folder: RelativePath
    """Of the gateway's key and what its administrator certified. 0700."""
    program_desk: RelativePath | None = None
    """The desk of a feed. By it the organisation's own program registers, which needs a token too; and so does what a
    data officer uploads."""
    upload_megabytes: Annotated[int, Field(ge=1, le=1024)] = 64
    """Of one upload, all its files together: a hundred thousand rows are a quarter of it."""
    case_system_desk: RelativePath | None = None
    """The desk of the organisation's case-management system, which looks up for its users; it needs a token too."""
    ca_file: RelativePath | None = None
    """The authority of the index's and the key holders' certificates, instead of the system's."""
    idle_minutes: Annotated[int, Field(ge=1, le=60)] = 15
    """Without a request, until a session is over: as the agent of a device locks."""
    lock_seconds: Annotated[int, Field(ge=5, le=900)] = LOCK_SECONDS
    """Without a page, until the PIN is asked for."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse_half_tls(certificate=self.tls_certificate, key=self.tls_key, public_url="https://")
        return self

    @property
    def address(self) -> PublicAddress:
        """Where it listens."""
        if self.tls_certificate is None or self.tls_key is None:
            return PublicAddress(self.host, self.port)
        return PublicAddress(self.host, self.port, Tls(self.tls_certificate, self.tls_key))
