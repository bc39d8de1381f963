"""What goes into a shield: all that the danger knows, of the new address nothing, of an old identity only itself."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given

from signpost.edge.identifiers import NHSNumber
from signpost.edge.match_inputs import ChildDetails, Template, match_inputs
from signpost.edge.names import Family, fold
from signpost.edge.shield_inputs import inputs_of_old_identity, inputs_to_hide
from signpost.edge.slots import lookup_slots
from signpost.protocol.classes import Use, fits_profile
from signpost.protocol.secret import Secret
from tests.unit.edge.test_match_inputs import BORN, LEEDS, NHS, PUPIL, children

MOTHER = NHSNumber.parse("9990000018")


def everything() -> ChildDetails:
    """A child of whom all is known."""
    return ChildDetails(
        nhs_number=NHS, upns=(PUPIL,), date_of_birth=BORN, forename="Beatrice", middle_name="Ngozi",
        surname="Okonkwo-Hale", postcodes=(LEEDS,), mother_nhs_number=MOTHER,
    )  # fmt: skip


def without(child: ChildDetails, *left_out: str) -> ChildDetails:
    """The same child, of whom so much is not known. Details are never copied whole: they do not let themselves be."""
    return ChildDetails(**{f.name: getattr(child, f.name) for f in fields(child) if f.name not in left_out})


def test_what_hides_a_child_is_what_a_lookup_would_ask_of_the_same_details() -> None:
    """Whatever the danger could ask by is hidden, the known postcode's inputs too."""
    hidden = {found.template for found in inputs_to_hide(everything())}

    assert hidden == {found.template for found in match_inputs(everything(), Use.LOOKUP)}
    assert {Template.NHS, Template.NAME, Template.SOUND_POSTCODE, Template.NAME_AREA} <= hidden


def test_without_a_known_postcode_nothing_that_hides_a_child_holds_one() -> None:
    """Then a shield says nothing of any address."""
    hidden = inputs_to_hide(without(everything(), "postcodes"))

    assert {Template.NHS, Template.UPN, Template.NAME, Template.NAME_MIDDLE} >= {found.template for found in hidden} - {
        Template.MOTHER
    }


def test_of_an_old_identity_the_number_and_the_surname_are_kept() -> None:
    """Each barrel of it too."""
    kept = inputs_of_old_identity(everything())

    assert {found.template for found in kept} == {Template.NHS, Template.NAME, Template.NAME_MIDDLE}
    assert len([found for found in kept if found.template is Template.NAME]) == 3


def test_what_the_new_life_also_has_is_not_kept_though_it_is_given() -> None:
    """A mother, a pupil number or a home would lead from one identity to the other; nor do they take a place."""
    alone = without(everything(), "postcodes", "upns", "mother_nhs_number")

    assert inputs_of_old_identity(everything()) == inputs_of_old_identity(alone)


def test_an_old_identity_of_which_too_little_is_known_gives_nothing() -> None:
    """A forename is not the old identity's alone, and a date is everybody's."""
    assert inputs_of_old_identity(ChildDetails(date_of_birth=BORN, forename="Beatrice", postcodes=(LEEDS,))) == []
    assert inputs_of_old_identity(ChildDetails(nhs_number=NHS, surname="Okonkwo")) == []


@given(child=children())
def test_every_input_of_an_old_identity_holds_its_number_or_its_surname_and_no_home(child: ChildDetails) -> None:
    """Of any details; and there is a place for each."""
    kept = inputs_of_old_identity(child)
    assert kept == inputs_of_old_identity(without(child, "postcodes", "upns", "mother_nhs_number", "expected_on"))
    family = Family.read(child.surname)

    names = {fold(name) for name in (family.joined, family.first, family.last) if name}
    for found in kept:
        pieces = found.value.split("|")
        if found.template is Template.NHS:
            assert child.nhs_number is not None
            assert pieces[0] == child.nhs_number.reveal()
        else:
            assert pieces[1] in names
    slots = lookup_slots(kept, use=Use.OFFICER, seed=Secret(bytes(32)))
    assert fits_profile(Use.OFFICER, [slot.place for slot in slots])


@given(child=children())
def test_there_is_a_place_for_every_input_that_hides_a_child(child: ChildDetails) -> None:
    """A mother's number included."""
    slots = lookup_slots(inputs_to_hide(child), use=Use.OFFICER, seed=Secret(bytes(32)))

    assert fits_profile(Use.OFFICER, [slot.place for slot in slots])
