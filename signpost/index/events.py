"""What the index logs, besides what every service does. No event has a place for an organisation, an account, a
receipt, a tag or an answer.
"""

from __future__ import annotations

from signpost.service.log import Event, Level

__all__ = ["IndexEvent"]


class IndexEvent(Event):
    """The index's own events."""

    SETTLING_FAILED = ("settling-failed", Level.ERROR, {"exception": type})
    """A batch of the inbox did not become visible. It is tried again at every tick; nothing overtakes it."""
    SWEEPING_FAILED = ("sweeping-failed", Level.ERROR, {"exception": type})
    """What has run out could not be deleted. It is tried again at the next sweep."""
    RETIRING_FAILED = ("retiring-failed", Level.ERROR, {"exception": type})
    """What is past its time could not be deleted. It is tried again at the next round."""
    GATHERING_FAILED = ("gathering-failed", Level.ERROR, {"exception": type})
    """What the independent desk is to look at could not be gathered. It is tried again at the next round."""
    ESCALATING_FAILED = ("escalating-failed", Level.ERROR, {"exception": type})
    """What is due did not go a step further. It is tried again within seconds."""
    MAILING_FAILED = ("mailing-failed", Level.ERROR, {"exception": type})
    """Mails that wait could not be read or sent. They are tried again."""
    MAIL_REFUSED = ("mail-refused", Level.WARNING)
    """A mail server takes no mail for a desk's mailbox. The desk's inbox has it all the same."""
