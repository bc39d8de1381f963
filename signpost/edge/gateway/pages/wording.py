"""Refusals and choices in the words of the pages. What the catalogue says already is not said again: here stands what
it says to people at a terminal, or of a request that they did not write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from signpost.protocol.problems import Problem, ProblemCode
from signpost.protocol.purposes import DeepReason, Role, Urgency

__all__ = ["DEEP", "FIELDS", "ROLES", "URGENCY", "Told", "told"]

_C = ProblemCode


@dataclass(frozen=True, slots=True)
class Told:
    """A refusal as a page tells it: a heading, what happened, and what to do next."""

    heading: str
    what: str
    next: str


_TOLD: Final[Mapping[ProblemCode, Told]] = {
    _C.MALFORMED: Told("There is a problem with what was sent", "Something was missing, or not of its form.",
        "Go back, and fill in the page again."),
    _C.BODY_TOO_LARGE: Told("That is too long", "What was sent is longer than this page takes.",
        "Go back, and shorten it."),
    _C.REQUEST_TIMEOUT: Told("That took too long", "What was sent did not arrive whole.",
        "Go back, and send it again."),
    _C.UNSUPPORTED_MEDIA_TYPE: Told("There is a problem with what was sent", "It was not a form of this page's.",
        "Go back, and fill in the page again."),
    _C.NOT_FOUND: Told("Page not found", "There is no such page here, or it is not for your role.",
        "Check the address, or choose a page above."),
    _C.METHOD_NOT_ALLOWED: Told("Page not found", "This page cannot be used in that way.", "Choose a page above."),
    _C.SIGN_IN_REFUSED: Told("Not signed in",
        "The account, the password and the code do not belong together.",
        "Try again with the next code. A code is good once. If you have forgotten one, speak to your administrator."),
    _C.ACCOUNT_NOT_APPROVED: Told("Your account waits to be approved",
        "Your administrator has not approved this account yet.", "Ask them to, then sign in."),
    _C.VETTING_LAPSED: Told("Your vetting has run out", "The vetting recorded for this account has run out.",
        "Your administrator records it when it is renewed."),
    _C.TRAINING_LAPSED: Told("Your training has run out", "The training recorded for this account has run out.",
        "Your administrator records it when it is renewed."),
    _C.ENROLMENT_REFUSED: Told("The token cannot be used",
        "It is spent, older than a day, or not for this gateway.", "Ask your administrator for a new one."),
    _C.GATEWAY_INVALID: Told("This account cannot be used here",
        "It is not an account of this gateway, or the gateway's certificate has ended.",
        "Speak to your administrator."),
    _C.ACCOUNT_UNKNOWN: Told("That account cannot be suspended",
        "Your organisation has no account of that name, or it is suspended already.", "See the list of accounts."),
    _C.REPEATS_USED: Told("Asked too often", "These details have been asked about as often as they may be.",
        "Speak to your administrator. If it cannot wait, ring the local duty line."),
    _C.BUDGET_USED: Told("You have asked as often as you may for now", "The budget for asking is used up.",
        "Wait for the next day, or speak to your administrator. If it cannot wait, ring the local duty line."),
    _C.LOOKUP_UNKNOWN: Told("That receipt is not known",
        "You have no answer of that receipt, or it is older than a day.", "Check the child again."),
    _C.CALL_BACK_UNKNOWN: Told("That call-back is not known",
        "You left no call-back by that receipt, or it has run out.", "Check the child again, and leave one."),
    _C.NOTICE_UNKNOWN: Told("That request is over", "Your organisation has no such request, or it is over.",
        "See what waits in the inbox."),
    _C.NOTICE_ANSWERED: Told("Already answered", "This request was answered already, perhaps by a colleague.",
        "See what waits in the inbox."),
    _C.HANDLE_UNKNOWN: Told("That is no desk of your organisation", "There is no desk of that name.",
        "Check its name, and try again."),
    _C.HANDLE_CIRCULAR: Told("That desk has it already", "It would be handed over to the desk that has it.",
        "Choose another desk."),
    _C.HANDLE_UNREACHABLE: Told("That desk cannot have it",
        "Nobody could ring it: neither it nor the desk that answers for it out of hours has a telephone.",
        "Choose another desk, or have your administrator give that one a telephone."),
    _C.BASIS_REFUSED: Told("That desk cannot have it",
        "A sensitive service's work is found by consent or for significant harm alone, and this rests on neither.",
        "Choose another desk."),
    _C.REFERENCE_UNKNOWN: Told("That work is not known", "Your organisation has registered no work that is named so.",
        "Look for it again, and check how it is named."),
    _C.WORK_ENDED: Told("It has ended already", "Work that has ended is neither ended again nor handed over here.",
        "If that is wrong, correct it in your organisation's own system."),
    _C.GLASS_REFUSED: Told("No duty line is shown", "No duty line is shown for this receipt.",
        "Leave an urgent call-back, or ring the local duty line."),
    _C.SHIELD_UNKNOWN: Told("That shield is not known",
        "There is no shield of that reference that you may do this with, or nothing of it waits for that.",
        "Check the reference with whoever told you."),
    _C.SHIELD_DECIDED: Told("Nothing of it waits for that",
        "It was decided already; or it is the other of the two that waits: the shield, or its end.",
        "Ask the officer who rang what they want approved."),
    _C.ITEM_UNKNOWN: Told("That is decided already", "The desk has no open item of that reference.",
        "See what waits."),
    _C.DECISION_REFUSED: Told("It is not decided in that way", "An item of this kind takes another decision.",
        "See what waits, and how each can be decided."),
    _C.REPORT_UNKNOWN: Told("That report is not known",
        "There is no report of that reference to read or to decide here. It is decided once, and not by whoever asked.",
        "See your council's reports."),
    _C.REPORT_NOT_RELEASED: Told("This report is not released yet",
        "A report is read 28 days after it was asked for, and when somebody has decided what may be told.",
        "See your council's reports for the day."),
    _C.OBJECTION_UNKNOWN: Told("Nothing of that reference stands",
        "Your council recorded no objection or withdrawn consent by that reference that stands.",
        "Check the reference."),
    _C.REVIEW_UNKNOWN: Told("That is reviewed already", "No emergency of that reference waits for a review.",
        "See which do."),
    _C.NOT_SIGNED_IN: Told("You are signed out", "You were away too long, or your shift is over. Nothing was sent.",
        "Sign in again."),
    _C.NOTHING_TO_ASK: Told("Not enough to ask with", "The details give nothing to look up, and nothing was sent.",
        "Give a date of birth, and an NHS number or permanent UPN, or both names and a postcode."),
    _C.COULD_NOT_CHECK: Told("No answer came",
        "Signpost did not answer in time. If you sent something, it is not known whether it was done.",
        "Go back, see how it stands, and try again."),
    _C.OVERLOADED: Told("Too busy", "More people are asking than this gateway can answer. Nothing was sent.",
        "Try again in a moment."),
    _C.INTERNAL: Told("Something went wrong", "Something went wrong here. It is not an answer.",
        "Try again. If it stays, tell whoever runs this gateway the time."),
}  # fmt: skip


def told(problem: Problem) -> Told:
    """A refusal in plain words: no value of a request is in any of them."""
    return _TOLD.get(problem.code) or Told(problem.title, problem.detail, problem.hint)


FIELDS: Final[Mapping[str, str]] = {
    "nhs_number": "Enter an NHS number of 10 digits, as on a letter or summary",
    "upn": "Enter a permanent UPN: a letter, then 12 characters",
    "date_of_birth": "Enter a real date of birth that is not in the future",
    "forename": "Enter a forename in letters",
    "middle_name": "Enter a middle name in letters",
    "surname": "Enter a surname in letters",
    "postcode": "Enter a full postcode, as LS1 4AP",
    "previous_postcode": "Enter a full previous postcode, as LS1 4AP",
    "known_postcode": "Enter a full postcode that the danger already knows, as LS1 4AP",
    "other_known_postcode": "Enter another full postcode that the danger already knows, as LS1 4AP",
    "mother_nhs_number": "Enter the mother's NHS number, which is not the child's",
    "expected_date_of_birth": "Enter an expected date of birth within a year of today",
    "format": "Choose what the extract is written in",
    "dry_run": "Choose what is to be done",
    "missing": "Choose what becomes of what is no longer in the extract",
    "send_again": "Choose what becomes of work that was ended or handed over here",
    "accept_ends": "Enter the number of ends and withdrawals in digits, as the dry run gave it",
    "handle": "Enter the handle whose work it is for a CIN census or an SSDA903 return, and for no other",
    "extract": "Choose the extract: one file, or for the dataset or an SSDA903 return the files of its folder",
    "handles": "Choose one handles file",
    "identity": "Choose one identity file for a CIN census or an SSDA903 return, and for no other",
}
"""What to enter where a detail was not of its form."""

URGENCY: Final[Mapping[Urgency, str]] = {
    Urgency.NOW: "Now: within 15 minutes",
    Urgency.TODAY: "Today: within 4 working hours",
    Urgency.WEEK: "This week: within 5 working days",
}
DEEP: Final[Mapping[DeepReason, str]] = {
    DeepReason.NAME_UNSURE: "I am not sure of the name",
    DeepReason.DATE_UNSURE: "I am not sure of the date of birth",
    DeepReason.ADDRESS_UNSURE: "I am not sure of the address",
    DeepReason.NO_NUMBER: "I have no NHS number or UPN",
    DeepReason.SERIOUS_CONCERN: "There is a serious concern",
}
ROLES: Final[Mapping[Role, str]] = {
    Role.PRACTITIONER: "practitioner",
    Role.URGENT: "urgent duty",
    Role.MATERNITY: "maternity care",
    Role.SHIELDING_OFFICER: "shielding officer",
    Role.RIGHTS_OFFICER: "rights officer",
    Role.AUDITOR: "auditor",
    Role.DATA_OFFICER: "data officer",
    Role.ADMINISTRATOR: "administrator",
    Role.FEED: "feed (a machine)",
    Role.CASE_MANAGEMENT: "case-management system (a machine)",
}
