"""Every page in every state that the suite has to have looked at. A template that no state names fails a test, and so
does a state that no walk came to.

A state is known by the title of its template, which is fixed words, and by whether it tells of errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tests.contract.repository import ROOT

__all__ = ["STATES", "TEMPLATES", "State", "templates"]

TEMPLATES: Final = ROOT / "signpost" / "edge" / "gateway" / "pages" / "templates"
_TITLE: Final = re.compile(r"{%\s*block title\s*%}(.*?){%\s*endblock\s*%}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class State:
    """A page as somebody may find it."""

    template: str
    errors: bool = False

    @property
    def title(self) -> re.Pattern[str]:
        """What its title is. Words that a template takes from our own catalogues may be any."""
        found = _TITLE.search((TEMPLATES / self.template).read_text(encoding="utf-8"))
        assert found is not None, f"{self.template} has no title"
        words = ".+".join(re.escape(part) for part in re.split(r"{{.*?}}", found[1]))
        return re.compile(f"{'Error: ' if self.errors else ''}{words} - Signpost")


STATES: Final = {
    # signing in
    "sign-in": State("signing_in/sign_in.html"),
    "sign-in-with-nothing-typed": State("signing_in/sign_in.html", errors=True),
    "sign-in-refused": State("signing_in/sign_in.html", errors=True),
    "pin": State("signing_in/pin.html"),
    "pin-with-errors": State("signing_in/pin.html", errors=True),
    "signed-out": State("signing_in/signed_out.html"),
    # what may come instead of any page
    "not-there": State("refused.html"),
    "form-out-of-date": State("not_from_here.html"),
    "could-not-check": State("could_not_check.html"),
    "not-sure": State("officers/not_sure.html"),
    # an account of one's own
    "token": State("enrolling/token.html"),
    "token-with-errors": State("enrolling/token.html", errors=True),
    "code-generator": State("enrolling/codes.html"),
    "code-generator-with-errors": State("enrolling/codes.html", errors=True),
    "enrolled": State("enrolling/done.html"),
    "password": State("passwords/change.html"),
    "password-with-errors": State("passwords/change.html", errors=True),
    "password-changed": State("passwords/changed.html"),
    # checking a child
    "check": State("checking/by_nhs_number.html"),
    "check-with-errors": State("checking/by_nhs_number.html", errors=True),
    "check-by-upn": State("checking/by_upn.html"),
    "check-by-upn-with-errors": State("checking/by_upn.html", errors=True),
    "check-by-name": State("checking/by_name.html"),
    "check-by-name-with-errors": State("checking/by_name.html", errors=True),
    "check-by-mother": State("checking/by_mother.html"),
    "check-by-mother-with-errors": State("checking/by_mother.html", errors=True),
    "again": State("checking/again.html"),
    "again-with-errors": State("checking/again.html", errors=True),
    "receipt-unknown": State("refused.html"),
    "answer-current": State("checking/answer.html"),
    "answer-previous": State("checking/answer.html"),
    "answer-none": State("checking/answer.html"),
    "answer-possible": State("checking/answer.html"),
    "deep-with-errors": State("checking/deep.html", errors=True),
    "answer-deep": State("checking/answer.html"),
    "answer-urgent": State("checking/answer.html"),
    # contact
    "call-back-left": State("contact/left.html"),
    "call-back": State("contact/ask.html"),
    "call-back-with-errors": State("contact/ask.html", errors=True),
    "call-back-pending": State("contact/status.html"),
    "call-back-answered": State("contact/status.html"),
    "call-back-without-reply": State("contact/status.html"),
    "outcome-with-errors": State("contact/status.html", errors=True),
    "outcome-noted": State("contact/noted.html"),
    "inbox-empty": State("inbox/list.html"),
    "inbox": State("inbox/list.html"),
    "inbox-after-a-glass": State("inbox/list.html"),
    "inbox-overdue": State("inbox/list.html"),
    "inbox-not-answered": State("inbox/list.html"),
    "request": State("inbox/request.html"),
    "request-with-errors": State("inbox/request.html", errors=True),
    "shared": State("inbox/replied.html"),
    "handed-over": State("inbox/replied.html"),
    "ended": State("inbox/replied.html"),
    "declined": State("inbox/replied.html"),
    # the organisation's own work
    "involvements": State("involvements/name.html"),
    "involvements-with-errors": State("involvements/name.html", errors=True),
    "work": State("involvements/work.html"),
    "work-that-ended": State("involvements/work.html"),
    "end-work": State("involvements/end.html"),
    "end-work-with-errors": State("involvements/end.html", errors=True),
    "work-ended": State("involvements/done.html"),
    "hand-over-work": State("involvements/hand_over.html"),
    "hand-over-work-with-errors": State("involvements/hand_over.html", errors=True),
    "work-handed-over": State("involvements/done.html"),
    # breaking the glass
    "glass": State("glass/confirm.html"),
    "glass-with-errors": State("glass/confirm.html", errors=True),
    "duty-line": State("glass/line.html"),
    # how much of the country an answer speaks for
    "coverage": State("coverage/nation.html"),
    # a screen that was left
    "unlock": State("signing_in/unlock.html"),
    "unlock-with-errors": State("signing_in/unlock.html", errors=True),
    # hiding a child
    "shields": State("shields/status.html"),
    "hide": State("shields/hide.html"),
    "hide-with-errors": State("shields/hide.html", errors=True),
    "hidden": State("shields/hidden.html"),
    "approve": State("shields/approve.html"),
    "approve-with-errors": State("shields/approve.html", errors=True),
    "approved": State("shields/approved.html"),
    "end": State("shields/end.html"),
    "end-with-errors": State("shields/end.html", errors=True),
    "old-identity": State("shields/old_identity.html"),
    "old-identity-with-errors": State("shields/old_identity.html", errors=True),
    "identity-ended": State("shields/identity_ended.html"),
    # the independent desk
    "desk": State("desk/queue.html"),
    "desk-decides": State("desk/decide.html"),
    "desk-decides-with-errors": State("desk/decide.html", errors=True),
    # families' rights
    "rights": State("rights/reports.html"),
    "rights-ask": State("rights/ask.html"),
    "rights-ask-with-errors": State("rights/ask.html", errors=True),
    "rights-asked": State("rights/asked.html"),
    "rights-decide": State("rights/decide.html"),
    "rights-decide-with-errors": State("rights/decide.html", errors=True),
    "report": State("rights/report.html"),
    "report-partly-kept-back": State("rights/report.html"),
    "object": State("rights/object.html"),
    "object-with-errors": State("rights/object.html", errors=True),
    "objected": State("rights/objected.html"),
    "take-back": State("rights/take_back.html"),
    "take-back-with-errors": State("rights/take_back.html", errors=True),
    "taken-back": State("rights/taken_back.html"),
    "correct": State("rights/registered.html"),
    "correct-with-errors": State("rights/registered.html", errors=True),
    "right-details": State("rights/right.html"),
    "right-details-with-errors": State("rights/right.html", errors=True),
    "corrected": State("rights/corrected.html"),
    "withdraw": State("rights/withdraw.html"),
    "withdraw-with-errors": State("rights/withdraw.html", errors=True),
    "withdrawn": State("rights/withdrawn.html"),
    "reviews": State("reviews/list.html"),
    "review": State("reviews/close.html"),
    "review-with-errors": State("reviews/close.html", errors=True),
    # administering
    "overview": State("administration/overview.html"),
    "accounts": State("accounts/accounts.html"),
    "suspend": State("accounts/suspend.html"),
    "suspend-with-errors": State("accounts/suspend.html", errors=True),
    "desks": State("handles/handles.html"),
    "feeds": State("feeds/feeds.html"),
    "feeds-with-errors": State("feeds/feeds.html", errors=True),
    "feed": State("feeds/run.html"),
    "feed-under-way": State("feeds/run.html"),
    "feed-cancelled": State("feeds/run.html"),
    "feed-registered": State("feeds/run.html"),
    "feeds-with-history": State("feeds/feeds.html"),
}


def templates() -> set[str]:
    """Every template that is a whole page."""
    return {
        path.relative_to(TEMPLATES).as_posix()
        for path in TEMPLATES.rglob("*.html")
        if _TITLE.search(path.read_text(encoding="utf-8")) and path.name != "layout.html"
    }
