"""The headers of every page: what a browser may load into it, run in it, and tell others of it.

Nothing is loaded from another origin, nothing runs that is not a file of ours, and no script may turn text into markup.
What every service's answers carry as well (no-store, nosniff, no-referrer, HSTS) is the door's.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ASSET_HEADERS", "PAGE_HEADERS"]

_CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_FEATURES: Final = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture", "encrypted-media",
    "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone",
    "midi", "payment", "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb",
    "xr-spatial-tracking",
)  # fmt: skip

_APART: Final = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
PAGE_HEADERS: Final = {
    **_APART,
    "cache-control": "no-store",
    "content-security-policy": _CONTENT_SECURITY_POLICY,
    "permissions-policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}
ASSET_HEADERS: Final = {**_APART, "cache-control": "private, max-age=3600"}
"""Style sheets, scripts and pictures are the same for everybody, and say nothing."""
