"""Certifying an organisation's gateway, by its administrator (protocol.md D2). The index has no part in it.

What was certified is kept beside the organisation's keys (`gateways/NAME.json`, public): by it the administrator knows
which key an account that is used at that gateway must have for its device, before the index passes one on. What it was
renewed from stays in `gateways/earlier/`: whoever copied it with the gateway's key has it until it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signpost.edge.atomic_file import PUBLIC, replace_file
from signpost.edge.failures import DeskUnusable, InvalidRequest
from signpost.edge.gateway.files import Certified, read_certified
from signpost.edge.organisation_keys import Organisation
from signpost.protocol.credentials import valid_name
from signpost.protocol.encoding import to_base64url
from signpost.protocol.gateways import GatewayCertificate
from signpost.protocol.keys import SigningKey, VerifyKey
from signpost.protocol.purposes import Role
from signpost.service.clock import Randomness
from signpost.service.files import private_folder
from signpost.service.refusals import StartRefused

__all__ = ["GatewayTerms", "certified_gateway", "certified_keys", "certify_gateway", "unended_certificates"]

_FOLDER: Final = "gateways"
_EARLIER: Final = "earlier"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTerms:
    """What a gateway is certified for. Moments are epoch seconds."""

    roles: frozenset[Role]
    session_seconds: int
    issued_at: int
    expires_at: int
    index_url: str
    manifest_fingerprint: str
    out_of_hours: str


def certify_gateway(
    folder: Path,
    name: str,
    gateway_key: VerifyKey,
    terms: GatewayTerms,
    *,
    organisation: Organisation,
    key: SigningKey,
    randomness: Randomness,
) -> Certified:
    """Sign a gateway's key, and keep what was certified in the folder of the organisation's keys. Certifying it again,
    with the same key, renews it: accounts that were enrolled there stay so.

    Raises:
        DeskUnusable: another key was certified by that name; or the folder cannot be written.
    """
    certificate = GatewayCertificate(
        organisation=organisation.name,
        name=name,
        key=gateway_key,
        roles=terms.roles,
        session_seconds=terms.session_seconds,
        issued_at=terms.issued_at,
        expires_at=terms.expires_at,
        identifier=to_base64url(randomness(16)),
    )
    certified = Certified(
        token=certificate.sign(key),
        certificate=certificate,
        kind=organisation.kind,
        signing_key=organisation.signing_key,
        index_url=terms.index_url,
        manifest_fingerprint=terms.manifest_fingerprint,
        out_of_hours=terms.out_of_hours,
    )
    path = _path(folder, name)
    before = read_certified(path) if path.exists() else None
    if before is not None and before.certificate.key != gateway_key:
        raise DeskUnusable(
            "Another gateway was certified by that name.", hint="Give this one another name: its accounts are its own."
        )
    try:
        private_folder(path.parent)
        if before is not None:
            earlier = private_folder(path.parent / _EARLIER)
            replace_file(earlier / f"{before.certificate.identifier}.json", before.document() + b"\n", mode=PUBLIC)
        replace_file(path, certified.document() + b"\n", mode=PUBLIC)
    except StartRefused as refused:
        raise DeskUnusable(str(refused), hint=refused.hint) from None
    except OSError:
        raise DeskUnusable("The folder of the organisation's keys cannot be written.") from None
    return certified


def certified_gateway(folder: Path, name: str) -> Certified:
    """What was certified by that name, from the folder of the organisation's keys.

    Raises:
        InvalidRequest: nothing was.
        DeskUnusable: its file is not of its form.
    """
    if not valid_name(name) or not _path(folder, name).exists():
        raise InvalidRequest(
            "No gateway of that name was certified with these keys.", hint="signpost admin gateway certify NAME"
        )
    return read_certified(_path(folder, name))


def certified_keys(folder: Path) -> frozenset[VerifyKey]:
    """The keys of every gateway that was certified, from the folder of the organisation's keys.

    Raises:
        DeskUnusable: a file is not of its form.
    """
    return frozenset(read_certified(file).certificate.key for file in (folder / _FOLDER).glob("*.json"))


def unended_certificates(folder: Path, gateway_key: VerifyKey, *, now: int) -> list[str]:
    """The identifiers of every certificate of a gateway's key that has not ended, the renewed ones included: what is to
    be taken back when the key is another's.

    Raises:
        DeskUnusable: a file is not of its form.
    """
    files = [*(folder / _FOLDER).glob("*.json"), *(folder / _FOLDER / _EARLIER).glob("*.json")]
    certificates = [read_certified(file).certificate for file in files]
    return sorted(each.identifier for each in certificates if each.key == gateway_key and each.expires_at > now)


def _path(folder: Path, name: str) -> Path:
    return folder / _FOLDER / f"{name}.json"
