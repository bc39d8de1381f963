"""The pages of officers: hiding a child, the independent desk, and what a family may ask."""

from __future__ import annotations

import time

from tests.browser.conftest import Opens
from tests.browser.place import PIN, Place
from tests.browser.test_contact import SETTLED_SECONDS, leave_call_back


def test_a_child_is_hidden_approved_elsewhere_and_found_again_when_the_end_is_approved(
    desk_of: Opens, place: Place
) -> None:
    """While it is hidden, the answer is none, and only the independent desk sees who asks."""
    officer, elsewhere = desk_of("shielding-1"), desk_of("shielding-2")
    child = place.current.pop()

    officer.open("/shields/hide")
    officer.look("hide")
    officer.press("Hide this child")
    officer.look("hide-with-errors")
    officer.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    officer.born(child, of="Date of birth")
    officer.choose_first("Why must the child not be found?")
    officer.press("Hide this child")
    officer.look("hidden")
    shield = officer.receipt

    asking, deciding = desk_of("social-worker-1"), desk_of("desk-2")
    leave_call_back(asking, child)
    deciding.open("/desk")
    deciding.look("desk")
    deciding.page.get_by_role("button", name="Decide ").last.click()
    deciding.page.wait_for_load_state()
    deciding.look("desk-decides")
    deciding.press("Decide")
    deciding.look("desk-decides-with-errors")
    deciding.choose_first("How is it decided? It is decided once")
    deciding.fill(Your_PIN=PIN)
    deciding.press("Decide")
    assert deciding.heading == "What waits at the desk"

    elsewhere.open("/shields/approve")
    elsewhere.look("approve")
    elsewhere.press("Approve")
    elsewhere.look("approve-with-errors")
    elsewhere.fill(**{"The shield’s reference": shield, "Your PIN": PIN})
    elsewhere.choose("That it hides")
    elsewhere.press("Approve")
    elsewhere.look("approved")

    officer.open("/shields")
    officer.look("shields")
    officer.press(f"End {shield}")
    officer.look("end")
    officer.press("Ask for its end")
    officer.look("end-with-errors")
    officer.choose_first("Why is it to end?")
    officer.fill(Your_PIN=PIN)
    officer.press("Ask for its end")
    elsewhere.open("/shields/approve")
    elsewhere.fill(**{"The shield’s reference": shield, "Type the reference again": shield, "Your PIN": PIN})
    elsewhere.choose("That it ends")
    elsewhere.press("Approve")
    assert elsewhere.heading == "Approved"
    time.sleep(SETTLED_SECONDS)
    asking.check(child)
    assert "CURRENT" in asking.text


def test_of_a_child_with_a_new_identity_the_old_one_alone_stays_hidden(desk_of: Opens, place: Place) -> None:
    officer, child = desk_of("shielding-1"), place.unknown_child()
    officer.open("/shields/hide")
    officer.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    officer.born(child, of="Date of birth")
    officer.choose_first("Why must the child not be found?")
    officer.press("Hide this child")
    shield = officer.receipt

    officer.open("/shields")
    officer.press(f"The child of {shield} has a new identity")
    officer.look("old-identity")
    officer.press("Keep the old identity alone")
    officer.look("old-identity-with-errors")
    officer.fill(**{"Old NHS number": child.nhs_number, "Type the reference again": shield, "Your PIN": PIN})
    officer.born(child)
    officer.press("Keep the old identity alone")
    officer.look("identity-ended")


def test_a_family_asks_and_somebody_else_of_the_council_decides(desk_of: Opens, place: Place) -> None:
    asking, deciding = desk_of("rights-officer-1"), desk_of("rights-officer-2")
    child = place.unknown_child()

    asking.open("/rights")
    asking.follow("they ask what is held of their child")
    asking.look("rights-ask")
    asking.press("Ask for the report")
    asking.look("rights-ask-with-errors")
    asking.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    asking.born(child)
    asking.press("Ask for the report")
    asking.look("rights-asked")
    report = asking.receipt

    deciding.open("/rights")
    deciding.look("rights")
    deciding.press(f"Decide {report}")
    deciding.look("rights-decide")
    deciding.press("Decide")
    deciding.look("rights-decide-with-errors")
    deciding.choose_first("What may the family be told?")
    deciding.fill(Your_PIN=PIN)
    deciding.press("Decide")
    assert f"{report}" in deciding.text


def test_a_family_objects_and_takes_it_back(desk_of: Opens, place: Place) -> None:
    officer, child = desk_of("rights-officer-1"), place.unknown_child()

    officer.open("/rights/object")
    officer.look("object")
    officer.press("Record it")
    officer.look("object-with-errors")
    officer.fill(NHS_number=child.nhs_number, Your_PIN=PIN)
    officer.born(child)
    officer.choose_first("How was it balanced?")
    officer.press("Record it")
    officer.look("objected")
    objection = officer.receipt
    officer.open("/rights/take-back")
    officer.look("take-back")
    officer.press("Take it back")
    officer.look("take-back-with-errors")
    officer.fill(**{"Its reference or receipt": objection, "Your PIN": PIN})
    officer.press("Take it back")
    officer.look("taken-back")


def test_what_is_wrong_is_corrected_and_what_rests_on_consent_is_withdrawn(desk_of: Opens, place: Place) -> None:
    officer, wrong, right = desk_of("rights-officer-1"), place.unknown_child(), place.unknown_child()

    officer.open("/rights/correct")
    officer.look("correct")
    officer.fill(NHS_number="999 000 0043")
    officer.press("Continue")
    officer.look("correct-with-errors")
    officer.fill(NHS_number=wrong.nhs_number)
    officer.born(wrong)
    officer.press("Continue")
    officer.look("right-details")
    officer.press("Correct")
    officer.look("right-details-with-errors")
    officer.fill(NHS_number=right.nhs_number, Your_PIN=PIN)
    officer.born(right)
    officer.press("Correct")
    officer.look("corrected")

    officer.open("/rights/withdraw")
    officer.look("withdraw")
    officer.press("Withdraw")
    officer.look("withdraw-with-errors")
    officer.fill(NHS_number=wrong.nhs_number, Your_PIN=PIN)
    officer.born(wrong)
    officer.press("Withdraw")
    officer.look("withdrawn")
