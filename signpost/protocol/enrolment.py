"""The enrolment token: one line that an administrator gives to one person, once, by a road that is not the index
(protocol.md D1).

It holds 128 random bits, whose account it is, where the index is, and the fingerprint of the manifest, so that a device
learns by it and by nothing else which key holders to believe. From the random bits come two keys:

* `proof`  what the device shows the index, which keeps its digest only;
* `device_seal`  what the device seals its public keys with, and the index never has: the administrator, who kept it, so
  knows that the key it is about to sign, and the one it is about to seal to, were made on that device, whoever carried
  them.

Text form: `signpost-1.` and canonical JSON in base64url.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from signpost.protocol.credentials import AccountId, OrganisationId, valid_name
from signpost.protocol.encoding import EncodingError, canonical_json, from_base64url, parse_canonical_json, to_base64url
from signpost.protocol.keys import VerifyKey, digest, keyed_digest, same
from signpost.protocol.labels import Label
from signpost.protocol.purposes import ENROLLED_ROLES, Kind, Role
from signpost.protocol.sealing import SealKey
from signpost.protocol.secret import Secret

__all__ = ["TOKEN_BYTES", "TOKEN_SECONDS", "DeviceSeal", "EnrolmentToken", "proof_digest"]

TOKEN_BYTES: Final = 16
TOKEN_SECONDS: Final = 24 * 60 * 60
_PREFIX: Final = "signpost-1."
_LONGEST: Final = 2048
_FIELDS: Final = frozenset(
    {"account", "index_url", "kind", "manifest", "organisation", "out_of_hours", "role", "secret"}
)


@dataclass(frozen=True, slots=True)
class DeviceSeal:
    """What binds a device's public keys to one enrolment: known to the device and its administrator alone."""

    key: Secret

    def seal(self, device: VerifyKey, opening: SealKey | None) -> bytes:
        """32 bytes that only the key's owner can make for this device key, with this opening key or with none."""
        keys = [device.encoding] if opening is None else [device.encoding, opening.encoding]
        return keyed_digest(self.key, Label.ENROLMENT_DEVICE, *keys)

    def fits(self, device: VerifyKey, opening: SealKey | None, seal: bytes) -> bool:
        """Whether the seal was made for these keys together, by whoever has the token."""
        return same(self.seal(device, opening), seal)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentToken:
    """Who is enrolled, and what their device must believe."""

    secret: Secret = field(repr=False)
    organisation: OrganisationId
    kind: Kind
    account: AccountId
    role: Role
    index_url: str
    manifest_fingerprint: str
    out_of_hours: str

    @property
    def proof(self) -> bytes:
        """What is shown to the index, once."""
        return keyed_digest(self.secret, Label.ENROLMENT_PROOF, self.organisation, self.account)

    @property
    def device_seal(self) -> DeviceSeal:
        """See the class."""
        return DeviceSeal(Secret(keyed_digest(self.secret, Label.ENROLMENT_SEAL, self.organisation, self.account)))

    def text(self) -> str:
        """The line to hand over."""
        return _PREFIX + to_base64url(
            canonical_json(
                {
                    "account": self.account,
                    "index_url": self.index_url,
                    "kind": self.kind.value,
                    "manifest": self.manifest_fingerprint,
                    "organisation": self.organisation,
                    "out_of_hours": self.out_of_hours,
                    "role": self.role.value,
                    "secret": to_base64url(self.secret.reveal()),
                }
            )
        )

    @classmethod
    def parse(cls, text: str) -> EnrolmentToken:
        """From the line.

        Raises:
            ValueError: not such a token. What is wrong with it is not said, since it is a secret.
        """
        text = "".join(text.split())  # what mail and terminals break into lines
        try:
            if not text.startswith(_PREFIX) or len(text) > _LONGEST:
                raise ValueError("not an enrolment token")
            document = parse_canonical_json(from_base64url(text.removeprefix(_PREFIX)))
            if not isinstance(document, dict) or set(document) != _FIELDS:
                raise ValueError("not an enrolment token")
            fields = {name: str(value) for name, value in document.items()}
            secret = from_base64url(fields["secret"])
            if len(secret) != TOKEN_BYTES or not (valid_name(fields["organisation"]) and valid_name(fields["account"])):
                raise ValueError("not an enrolment token")
            role = Role(fields["role"])
            if role not in ENROLLED_ROLES:
                raise ValueError("not an enrolment token")
            return cls(
                secret=Secret(secret),
                organisation=OrganisationId(fields["organisation"]),
                kind=Kind(fields["kind"]),
                account=AccountId(fields["account"]),
                role=role,
                index_url=fields["index_url"],
                manifest_fingerprint=fields["manifest"],
                out_of_hours=fields["out_of_hours"],
            )
        except (EncodingError, ValueError):
            raise ValueError("not an enrolment token") from None


def proof_digest(proof: bytes) -> bytes:
    """What the index keeps of a token's proof: 32 bytes."""
    return digest(Label.ENROLMENT_TOKEN, proof)
