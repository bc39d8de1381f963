"""What a gateway logs, besides what every service does. No event has a place for an account, a child, a receipt or an
answer.
"""

from __future__ import annotations

from signpost.edge.gateway.feeds.shown import FeedState
from signpost.protocol.problems import ProblemCode
from signpost.service.log import Event, Level

__all__ = ["GatewayEvent"]


class GatewayEvent(Event):
    """The gateway's own events."""

    SIGNED_IN = ("signed-in", Level.INFO)
    SIGN_IN_REFUSED = ("sign-in-refused", Level.WARNING, {"code": ProblemCode})
    """Many of them are somebody who guesses."""
    COULD_NOT_CHECK = ("could-not-check", Level.WARNING, {"code": ProblemCode})
    """Somebody was not answered. The code is what the index or a key holder said, where one did."""
    FORM_REFUSED = ("form-refused", Level.WARNING)
    """It was sent by no page of its session: another site's, or one that was left open over the session's end."""
    PINS_SPENT = ("pins-spent", Level.WARNING)
    """So many wrong PINs that the session was ended: somebody at a screen that was left."""
    PAGES_WITHOUT_DESIGN_SYSTEM = ("pages-without-design-system", Level.INFO)
    """Its files were not fetched when this was built: the pages stand under a small sheet of our own."""
    HOLDER_AT_FAULT = ("holder-at-fault", Level.WARNING, {"holder": int, "false_answer": bool})
    """A key holder did not do its part, and another did. With `false_answer` it answered with something not so."""
    FEED_BEGAN = ("feed-began", Level.INFO, {"dry_run": bool})
    FEED_ENDED = ("feed-ended", Level.INFO, {"state": FeedState})
    FEED_NOT_WRITTEN = ("feed-not-written", Level.WARNING)
    """The history of feeds cannot be written: the disk is full, or its folder was taken away."""
