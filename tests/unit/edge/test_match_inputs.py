"""Match inputs: what is known of a child gives the same short texts at every organisation (protocol.md B2)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.edge.dates import birth_key
from signpost.edge.identifiers import UPN, IdentifierError, NHSNumber, upn_check_letter
from signpost.edge.match_inputs import (
    Absent,
    ChildDetails,
    MatchInput,
    Reason,
    Template,
    absent_inputs,
    match_inputs,
)
from signpost.edge.postcodes import Postcode
from signpost.protocol.classes import MATERNAL_PROFILES, PROFILES, MatchClass, Place, Tier, Use
from tests.unit.edge.test_identifiers import nhs_numbers, upns

BORN = date(2015, 4, 3)
NHS = NHSNumber.parse("9990000042")
PUPIL = UPN.parse("A950000178301")
FORMER = UPN.parse("H801200001001")
TEMPORARY = UPN.parse(upn_check_letter("95000017830A") + "95000017830A")
ALL_USES = list(Use)
STRONG = Place(MatchClass.STRONG, Tier.T1)
LEEDS, BRADFORD, MANCHESTER, OTHER_LEEDS, SLIPPED = (
    home for text in ("LS1 4AB", "BD3 8DD", "M1 1AE", "LS9 7TF", "LS4 1AB") if (home := Postcode.parse(text))
)


FORENAMES = st.sampled_from(
    [
        "",
        "Oliver",
        "Beatrice",
        "Kate",
        "Mohammed Bilal",
        "Anne-Marie",
        "Baby",
        "Zo\u00eb",
        "\u041e\u043b\u044c\u0433\u0430",
        "X",
    ]
) | st.text(max_size=12)
SURNAMES = st.sampled_from(["", "Smith", "Okonkwo", "O'Neill-Hale", "de la Cruz", "Kaur", "Unknown"]) | st.text(
    max_size=12
)
HOMES = st.sampled_from(
    [home for text in ("LS1 4AB", "BD3 8DD", "SW1A 1AA", "M1 1AE") if (home := Postcode.parse(text))]
)


@st.composite
def children(draw: st.DrawFn) -> ChildDetails:
    """Any details that can be known of a child."""
    number, mothers = draw(st.none() | nhs_numbers()), draw(st.none() | nhs_numbers())
    return ChildDetails(
        date_of_birth=draw(st.none() | st.dates(date(2000, 1, 1), date(2026, 1, 1))),
        year_of_birth=draw(st.none() | st.integers(2000, 2026)),
        nhs_number=None if number is None else NHSNumber.parse(number),
        upns=tuple(map(UPN.parse, draw(st.lists(upns(), max_size=4)))),
        forename=draw(FORENAMES),
        middle_name=draw(FORENAMES),
        surname=draw(SURNAMES),
        postcodes=tuple(draw(st.lists(HOMES, max_size=3))),
        mother_nhs_number=None if mothers is None else NHSNumber.parse(mothers),
        expected_on=draw(st.none() | st.dates(date(2026, 1, 1), date(2027, 1, 1))),
        multiple_birth=draw(st.booleans()),
    )


def test_golden_inputs() -> None:
    """Pinned byte for byte: a change of these changes every tag there is."""
    child = ChildDetails(date_of_birth=BORN, nhs_number=NHS, upns=(PUPIL,))

    identity, pupil = match_inputs(child, Use.REGISTER)

    assert (identity.template, identity.match_class, identity.tier) == (Template.NHS, MatchClass.IDENTITY, Tier.T1)
    assert identity.value == "9990000042|2015-03-04"
    assert identity.encoded() == (b"\0\0\0\x0bsignpost/v1\0\0\0\x03nhs\0\0\0\x011\0\0\0\x159990000042|2015-03-04")
    assert (pupil.template, pupil.match_class, pupil.tier) == (Template.UPN, MatchClass.PUPIL, Tier.T1)
    assert pupil.encoded() == (b"\0\0\0\x0bsignpost/v1\0\0\0\x03upn\0\0\0\x011\0\0\0\x18A950000178301|2015-03-04")


@pytest.mark.parametrize("use", ALL_USES)
def test_registering_and_looking_up_give_the_same_inputs(use: Use) -> None:
    """The same details meet, whichever side they are on."""
    child = ChildDetails(date_of_birth=BORN, nhs_number=NHS, upns=(PUPIL,))

    assert match_inputs(child, use) == match_inputs(child, Use.REGISTER)


KNOWN = ChildDetails(
    date_of_birth=BORN, forename="Beatrice", surname="Okonkwo", middle_name="Rose", postcodes=(LEEDS, BRADFORD)
)
CLEMENTINE = replace(KNOWN, forename="Clementine")


@pytest.mark.parametrize(
    ("child", "template", "reason"),
    [
        (ChildDetails(), Template.NHS, Reason.NO_NHS_NUMBER),
        (ChildDetails(nhs_number=NHS), Template.NHS, Reason.NO_DATE_OF_BIRTH),
        (ChildDetails(nhs_number=NHS), Template.NAME_POSTCODE_YEAR, Reason.NO_YEAR_OF_BIRTH),
        (ChildDetails(nhs_number=NHS, year_of_birth=2015), Template.NHS, Reason.NO_DATE_OF_BIRTH),
        (ChildDetails(date_of_birth=BORN), Template.UPN, Reason.NO_UPN),
        (ChildDetails(date_of_birth=BORN, upns=(TEMPORARY,)), Template.UPN, Reason.TEMPORARY_UPN),
        (ChildDetails(date_of_birth=BORN), Template.NAME, Reason.NO_FORENAME),
        (replace(KNOWN, surname=""), Template.NAME, Reason.NO_SURNAME),
        (replace(KNOWN, forename="Baby"), Template.SOUND_POSTCODE, Reason.NOT_A_FORENAME),
        (replace(KNOWN, postcodes=()), Template.SOUND_POSTCODE, Reason.NO_POSTCODE),
        (replace(KNOWN, postcodes=()), Template.NAME_AREA, Reason.NO_POSTCODE),
        (replace(KNOWN, middle_name=""), Template.NAME_MIDDLE, Reason.NO_MIDDLE_NAME),
        (replace(KNOWN, forename="Oliver", surname="Smith"), Template.NAME, Reason.TOO_COMMON),
        (replace(KNOWN, forename="Oliver", surname="Smith"), Template.NAME_AREA, Reason.TOO_COMMON_IN_AREA),
        (replace(KNOWN, multiple_birth=True), Template.INITIAL_DISTRICT, Reason.ONE_OF_SEVERAL),
        (KNOWN, Template.POSTCODE, Reason.NOT_ASKED),
        (KNOWN, Template.SURNAME_AREA, Reason.NOT_ASKED),
        (replace(KNOWN, multiple_birth=True), Template.SURNAME_AREA, Reason.ONE_OF_SEVERAL),
        (KNOWN, Template.MOTHER, Reason.NO_MOTHER),
        (ChildDetails(mother_nhs_number=NHS), Template.MOTHER, Reason.NO_MONTH),
        (replace(KNOWN, upns=(PUPIL,), mother_nhs_number=NHS), Template.MOTHER, Reason.NO_ROOM),
    ],
)
def test_what_is_absent_has_its_reason(child: ChildDetails, template: Template, reason: Reason) -> None:
    """So that a person can see which detail would help."""
    assert Absent(template, reason) in absent_inputs(child, Use.LOOKUP)


@given(children(), st.sampled_from(ALL_USES))
def test_every_template_gives_an_input_or_a_reason(child: ChildDetails, use: Use) -> None:
    """One or the other, and a reason only once."""
    given, absent = match_inputs(child, use), absent_inputs(child, use)

    assert {found.template for found in given} | {found.template for found in absent} == set(Template)
    assert not {found.template for found in given} & {found.template for found in absent}
    assert len({found.template for found in absent}) == len(absent)


@given(children(), st.sampled_from(ALL_USES))
def test_never_more_than_the_profile_holds(child: ChildDetails, use: Use) -> None:
    """Of any class at any tier, and none twice."""
    inputs = match_inputs(child, use)
    by_mother = any(found.match_class is MatchClass.MATERNAL for found in inputs)
    profile = (MATERNAL_PROFILES if by_mother else PROFILES)[Use.LOOKUP if use is Use.OFFICER else use]
    places = Counter(STRONG if found.match_class is MatchClass.IDENTITY else found.place for found in inputs)

    assert places <= Counter(profile)
    assert len({found.encoded() for found in inputs}) == len(inputs)


@pytest.mark.parametrize(
    "asked",
    [
        replace(KNOWN, forename="Bea"),
        replace(KNOWN, forename="BEATRICE", surname="okonkwo"),
        replace(KNOWN, date_of_birth=date(2015, 3, 4)),
        replace(KNOWN, postcodes=(BRADFORD, LEEDS)),
        replace(KNOWN, postcodes=(MANCHESTER, BRADFORD)),
        replace(KNOWN, middle_name=""),
        replace(KNOWN, nhs_number=NHS),
    ],
)
def test_an_ordinary_slip_still_meets(asked: ChildDetails) -> None:
    """With a name among what meets, so that strict T1 is satisfied."""
    stored = {found.encoded(): found for found in match_inputs(KNOWN, Use.REGISTER)}
    met = [stored[found.encoded()] for found in match_inputs(asked, Use.LOOKUP) if found.encoded() in stored]

    assert any(found.tier is Tier.T1 for found in met)
    assert any(found.match_class is MatchClass.NAME for found in met)


@pytest.mark.parametrize(
    ("asked", "template"),
    [
        (replace(KNOWN, forename="Okonkwo", surname="Beatrice"), Template.NAME),
        (replace(KNOWN, forename="Okonkwo", surname="Beatrice"), Template.POSTCODE),
        (replace(KNOWN, date_of_birth=date(2015, 4, 4)), Template.NAME),
    ],
)
def test_a_deep_lookup_meets_where_an_ordinary_one_does_not(asked: ChildDetails, template: Template) -> None:
    """The names the wrong way round, or a day beside the right one."""
    stored = {found.encoded() for found in match_inputs(KNOWN, Use.REGISTER)}

    def met(use: Use) -> set[Template]:
        return {found.template for found in match_inputs(asked, use) if found.encoded() in stored}

    assert template in met(Use.DEEP)
    assert template not in met(Use.LOOKUP)


def test_twins_share_no_confirming_input() -> None:
    """Surname, birth date and both homes are the same; the forename is in every T1 input."""
    twin = replace(KNOWN, forename="Daniel", middle_name="Kofi")
    stored = {found.encoded() for found in match_inputs(KNOWN, Use.REGISTER)}

    met = [found for found in match_inputs(twin, Use.DEEP) if found.encoded() in stored]

    assert {found.tier for found in met} == {Tier.T3}


@pytest.mark.parametrize("use", [Use.LOOKUP, Use.DEEP])
def test_a_child_known_to_be_one_of_several_is_not_asked_by_what_cannot_tell_them_apart(use: Use) -> None:
    """Which are kept all the same, but for the home without a name: her twin would be found by it."""
    one_of_two = replace(KNOWN, multiple_birth=True)

    given = {found.template for found in match_inputs(one_of_two, use)}
    assert given.isdisjoint(
        {
            Template.INITIAL_DISTRICT,
            Template.POSTCODE,
            Template.SURNAME_AREA,
            Template.SOUNDEX,
            Template.SORTED_NAMES,
        }
    )
    assert given > {Template.NAME, Template.SOUND_POSTCODE}
    kept = {found.template for found in match_inputs(one_of_two, Use.REGISTER)}
    of_one = {found.template for found in match_inputs(KNOWN, Use.REGISTER)}
    assert of_one - kept == {Template.POSTCODE, Template.SURNAME_AREA}


def test_one_of_several_is_sought_deep_by_a_rare_forename_in_the_area() -> None:
    """Her surname changed and the home too: a forename tells her from the other one."""
    kept = replace(KNOWN, forename="Clementine", multiple_birth=True)
    moved = replace(kept, surname="Adeyemi", postcodes=tuple(filter(None, [Postcode.parse("LS9 7TF")])))
    stored = {found.encoded() for found in match_inputs(kept, Use.REGISTER)}

    def met(use: Use) -> set[Template]:
        return {found.template for found in match_inputs(moved, use) if found.encoded() in stored}

    assert met(Use.LOOKUP) == set()
    assert met(Use.DEEP) == {Template.FORENAME_AREA}


@pytest.mark.parametrize(
    ("asked", "template"),
    [
        (replace(KNOWN, forename="Zo\u00eb", postcodes=(OTHER_LEEDS,)), Template.SURNAME_AREA),
        (replace(CLEMENTINE, surname="Adeyemi", postcodes=(OTHER_LEEDS,)), Template.FORENAME_AREA),
        (replace(KNOWN, forename="Zo\u00eb", surname="Adeyemi", postcodes=(LEEDS,)), Template.POSTCODE),
        (replace(KNOWN, forename="Zo\u00eb", surname="Adeyemi", postcodes=(SLIPPED,)), Template.POSTCODE),
    ],
)
def test_one_name_and_the_area_or_the_home_alone_make_a_deep_lookup_say_possible(
    asked: ChildDetails, template: Template
) -> None:
    """And never more, nor an ordinary one anything."""
    stored = {found.encoded(): found for found in match_inputs(CLEMENTINE, Use.REGISTER)}

    met = [stored[found.encoded()] for found in match_inputs(asked, Use.DEEP) if found.encoded() in stored]

    assert {(found.template, found.tier) for found in met} == {(template, Tier.T3)}
    assert not [found for found in match_inputs(asked, Use.LOOKUP) if found.encoded() in stored]


@pytest.mark.parametrize(
    ("child", "template"),
    [
        (replace(KNOWN, surname="Smith"), Template.SURNAME_AREA),
        (replace(KNOWN, forename="Oliver"), Template.FORENAME_AREA),
        (replace(CLEMENTINE, date_of_birth=date(2015, 1, 1)), Template.FORENAME_AREA),
    ],
)
@pytest.mark.parametrize("use", [Use.REGISTER, Use.DEEP])
def test_a_common_name_in_an_area_tells_nobody(child: ChildDetails, template: Template, use: Use) -> None:
    """It is neither kept nor asked."""
    assert Absent(template, Reason.TOO_COMMON_TO_FIND) in absent_inputs(child, use)


def test_the_year_alone_asks_by_both_names_and_the_home() -> None:
    """Nothing else, and no number: each of those holds the birth date."""
    year_alone = replace(KNOWN, date_of_birth=None, year_of_birth=2015, nhs_number=NHS, upns=(PUPIL,))
    stored = {found.encoded() for found in match_inputs(KNOWN, Use.REGISTER)}

    for use in ALL_USES:
        assert {found.template for found in match_inputs(year_alone, use)} == {Template.NAME_POSTCODE_YEAR}
    assert [found for found in match_inputs(year_alone, Use.LOOKUP) if found.encoded() in stored]


@given(children(), st.integers(1900, 2026), st.sampled_from(ALL_USES))
def test_beside_a_whole_date_a_year_changes_nothing(child: ChildDetails, year: int, use: Use) -> None:
    """It is the date's that counts."""
    dated = replace(child, date_of_birth=child.date_of_birth or BORN)

    assert match_inputs(replace(dated, year_of_birth=year), use) == match_inputs(dated, use)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Abdul Rahman", "Abdul Karim"),
        ("Mary Kate", "Mary Ann"),
        ("Muhammad Abdul Karim", "Muhammad Abdul Rahim"),
        ("Syed Ali", "Syed Hassan"),
        ("Nur Aisha", "Nur Fatima"),
        ("Xiao Ming", "Xiao Hong"),
        ("Molly", "Mary"),
        ("Amy", "Emilia"),
        ("Lewis", "Louise"),
        ("None", "None"),
        ("B/O Sarah 1", "B/O Sarah 2"),
        ("T1", "T2"),
    ],
)
def test_twins_who_are_known_to_be_two_share_nothing_that_confirms(one: str, other: str) -> None:
    """Half a forename, a hub of pet names, or no name at all in other words, do not make one of two: strictly, a record
    confirms by a T1 hit and a name on it.
    """
    kept, asked = (replace(KNOWN, forename=name, middle_name="", multiple_birth=True) for name in (one, other))
    stored = {found.encoded(): found for found in match_inputs(kept, Use.REGISTER)}

    hits = [stored[found.encoded()] for found in match_inputs(asked, Use.LOOKUP) if found.encoded() in stored]

    confirms = any(found.tier is Tier.T1 for found in hits)
    assert not (confirms and any(found.match_class is MatchClass.NAME for found in hits))


@pytest.mark.parametrize("name", ["Na-Young", "Ji Na", "Sunny Boy", "Infant Jesus"])
def test_a_name_with_a_word_that_can_stand_for_none_is_a_name(name: str) -> None:
    """And finds the child it is of."""
    child = replace(KNOWN, forename=name)
    stored = {found.encoded() for found in match_inputs(child, Use.REGISTER)}

    met = {found.template for found in match_inputs(child, Use.LOOKUP) if found.encoded() in stored}

    assert {Template.SOUND_POSTCODE, Template.NAME, Template.NAME_AT_HOME} <= met


@pytest.mark.parametrize("surname", ["Male", "Boy", "Test", "Na", "Infant"])
def test_a_surname_that_is_a_placeholder_of_forenames_is_a_surname(surname: str) -> None:
    """Somebody is called it."""
    given = {found.template for found in match_inputs(replace(KNOWN, surname=surname), Use.LOOKUP)}

    assert Template.NAME_AREA in given


def test_muhammad_with_a_middle_name_is_called_by_it() -> None:
    """Wherever it was written: two fields or one."""
    apart = replace(KNOWN, forename="Mohammed", middle_name="Ali")
    together = replace(KNOWN, forename="Muhammad Ali", middle_name="")
    alone = replace(KNOWN, forename="Ali", middle_name="")
    stored = {found.encoded() for found in match_inputs(apart, Use.REGISTER)}

    for asked in (together, alone):
        met = {found.template for found in match_inputs(asked, Use.LOOKUP) if found.encoded() in stored}
        assert {Template.SOUND_POSTCODE, Template.NAME, Template.NAME_AT_HOME} <= met


def test_a_common_name_is_confirmed_only_at_its_home() -> None:
    """No input of the name alone is made of it; the one at the home stands beside the sound."""
    common = replace(KNOWN, forename="Oliver", surname="Smith")

    given = {found.template for found in match_inputs(common, Use.LOOKUP)}

    assert {Template.NAME, Template.NAME_AREA, Template.NAME_MIDDLE}.isdisjoint(given)
    assert {Template.SOUND_POSTCODE, Template.NAME_AT_HOME} <= given


def test_a_rare_name_that_begins_like_common_ones_is_gated_by_what_they_have_alike() -> None:
    """The key holds three letters: Alinka Smith would meet every Ali, Alice and Alina Smith of her birthday. Her whole
    name, in another key, is as rare as it is.
    """
    alinka = {found.template for found in match_inputs(replace(KNOWN, forename="Alinka", surname="Smith"), Use.LOOKUP)}
    alizah = {found.template for found in match_inputs(replace(KNOWN, forename="Alizah", surname="Patel"), Use.DEEP)}

    assert Template.NAME not in alinka
    assert Template.NAME_AREA in alinka
    assert Template.SOUNDEX not in alizah
    assert Template.SORTED_NAMES in alizah


def test_twins_of_one_initial_are_not_taken_for_each_other_by_it() -> None:
    """Two letters are asked for, not one."""
    twin = replace(KNOWN, forename="Bridget", middle_name="Kofi")
    stored = {found.encoded() for found in match_inputs(KNOWN, Use.REGISTER)}

    assert not [found for found in match_inputs(twin, Use.LOOKUP) if found.encoded() in stored]


def test_a_mistyped_number_never_gives_another_childs_input() -> None:
    """One digit wrong, or two swapped: the number is refused, so there is no input at all."""
    right = NHS.reveal()
    wrong = [right[:at] + digit + right[at + 1 :] for at in range(10) for digit in "0123456789" if digit != right[at]]
    wrong += [right[:at] + right[at + 1] + right[at] + right[at + 2 :] for at in range(9) if right[at] != right[at + 1]]

    for text in wrong:
        with pytest.raises(IdentifierError):
            NHSNumber.parse(text)


def test_a_temporary_upn_leaves_the_place_to_a_permanent_one() -> None:
    """Two children may hold the same temporary one, so it is passed over."""
    child = ChildDetails(date_of_birth=BORN, upns=(TEMPORARY, FORMER))

    assert [found.value for found in match_inputs(child, Use.REGISTER)] == ["H801200001001|2015-03-04"]


@given(children(), st.sampled_from(ALL_USES))
def test_every_input_holds_the_birth_date(child: ChildDetails, use: Use) -> None:
    """Or the year and the full postcode; or, of the mother's number, a month."""
    inputs = [found for found in match_inputs(child, use) if found.template is not Template.MOTHER]

    if child.date_of_birth is None:
        year, homes = str(child.year_of_birth), {home.reveal() for home in child.postcodes}
        for found in inputs:
            assert found.template is Template.NAME_POSTCODE_YEAR
            assert found.value.split("|")[3] == year
            assert found.value.split("|")[2] in homes
        return
    # a deep lookup also tries the days before and after
    days = [birth_key(child.date_of_birth + timedelta(days=away)) for away in (0, -1, 1)]
    for found in inputs:
        fields = found.value.split("|")
        if found.template is Template.NAME_POSTCODE_YEAR:
            assert fields[2:] == [fields[2], str(child.date_of_birth.year)]
            assert fields[2] in {home.reveal() for home in child.postcodes}
        else:
            assert days[0] in fields or (found.tier is Tier.T3 and set(days) & set(fields))


@given(children())
def test_swapping_day_and_month_never_changes_an_input(child: ChildDetails) -> None:
    """Where both could be a month."""
    born = child.date_of_birth or BORN
    one = born.replace(day=(born.day - 1) % 12 + 1)
    other = one.replace(month=one.day, day=one.month)

    given, swapped = (replace(child, date_of_birth=day, expected_on=None) for day in (one, other))

    def dated(details: ChildDetails, use: Use) -> list[MatchInput]:
        # The mother's month is the month that is given, and a deep lookup's days beside it are those beside it.
        return [
            found
            for found in match_inputs(details, use)
            if found.template is not Template.MOTHER and (found.template, found.tier) != (Template.NAME, Tier.T3)
        ]

    for use in ALL_USES:
        assert dated(swapped, use) == dated(given, use)


@given(children(), children())
def test_two_inputs_are_equal_only_with_equal_contents(one: ChildDetails, other: ChildDetails) -> None:
    """No two templates, identifiers or dates run into each other."""
    for left in match_inputs(one, Use.LOOKUP):
        for right in match_inputs(other, Use.LOOKUP):
            same = (left.template, left.value) == (right.template, right.value)
            assert (left.encoded() == right.encoded()) == same
