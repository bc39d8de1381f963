"""How a signed manifest looks, for the published schema. What it means, and what makes it valid, is
`signpost.protocol.manifest`'s: the document is published in the very bytes that were signed, so no model rewrites it.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["SIGNED_MANIFEST"]


def _object(**properties: object) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_BASE64URL: Final = {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"}
_NUMBER: Final = {"type": "integer", "minimum": 1}
SIGNED_MANIFEST: Final[dict[str, Any]] = {
    "description": "The manifest of A3, with every holder's signature under its Ed25519 key.",
    "content": {
        "application/json": {
            "schema": _object(
                format={"const": "signpost.signed-manifest/1"},
                manifest=_object(
                    commitments={"type": "array", "items": _BASE64URL},
                    epoch=_NUMBER,
                    format={"const": "signpost.manifest/1"},
                    generation=_NUMBER,
                    holders={
                        "type": "array",
                        "items": _object(
                            number=_NUMBER, public_key=_BASE64URL, signing_key=_BASE64URL, url={"type": "string"}
                        ),
                    },
                    predecessor={"type": ["string", "null"]},
                    public_key=_BASE64URL,
                    sequence=_NUMBER,
                    suite={"type": "string"},
                    threshold=_NUMBER,
                ),
                signatures={
                    "type": "object",
                    "additionalProperties": {"type": "string", "pattern": "^[A-Za-z0-9_-]{86}$"},
                },
            )
        }
    },
}
