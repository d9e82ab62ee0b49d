"""States, however they are written; and the comparison of names by sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.latin import plain
from features.spelling import consonants, name_key, skeleton
from features.states import ONCE_ONE_STATE, STATES, state_name


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("RJ", "rajasthan"),
        ("Orissa", "odisha"),
        ("ODHISA", "odisha"),
        ("PUNJAB/MOHALI/ZIRAKPUR", "punjab"),
        ("Tamilnadu", "tamil nadu"),
        ("NCT of Delhi", "delhi"),
        ("New Delhi", "delhi"),
        ("J&K", "jammu and kashmir"),
        ("u.p.", "uttar pradesh"),
        ("west Bangol", "west bengal"),
        ("Rajshthan", "rajasthan"),
        ("Karnataka-560034", "karnataka"),
        ("CHANDIGARH,", "chandigarh"),
        ("dadra and nagar", "dadra and nagar haveli and daman and diu"),
        ("महाराष्ट्र", "maharashtra"),
        ("தமிழ்நாடு", "tamil nadu"),
        ("ಕರ್ನಾಟಕ", "karnataka"),
        ("పశ్చిమ బెంగాల్", "west bengal"),
        ("উত্তর প্রদেশ", "uttar pradesh"),
        ("उ.प्र.", "uttar pradesh"),
        ("म.प्र.", "madhya pradesh"),
        ("Mumbai", None),
        ("India", None),
        ("State Bank Of India", None),
        ("APO", None),
        ("NA", None),
        ("", None),
        (None, None),
    ],
)
def test_a_state_is_known_however_it_is_written(text: str | None, state: str | None) -> None:
    assert state_name(text) == state


def test_every_name_in_the_list_means_its_own_state() -> None:
    for state, names in STATES.items():
        for name in (state, state.upper(), *names):
            assert state_name(name) == state, name


def test_states_that_were_one_are_states() -> None:
    assert all(len(pair) == 2 and pair <= set(STATES) for pair in ONCE_ONE_STATE)


@given(st.text(max_size=300))
def test_no_text_is_too_odd_for_a_state(text: str) -> None:
    assert state_name(text) in {None, *STATES}


@given(st.text(max_size=200))
def test_plain_text_is_lower_case_ascii_with_single_blanks(text: str) -> None:
    words = plain(text)
    assert words.isascii()
    assert words == words.lower() == " ".join(words.split())
    assert plain(words) == words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bara banki", "barabanki"),
        ("tiruvallur", "thiruvalloor"),
        ("howrah", "howra"),
        ("vadodara", "wadodara"),
        ("kanjirappally", "kanjirapalli"),
    ],
)
def test_spellings_of_one_name_share_a_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)
    assert name_key(skeleton(one)) == name_key(skeleton(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("chandigarh", "kandigarh"), ("pune", "puna"), ("salem", "selam")],
)
def test_different_names_keep_different_skeletons(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


@pytest.mark.parametrize(
    ("typed", "name"), [("कर्नाटक", "karnataka"), ("जयपुर", "jaipur"), ("बेंगलुरु", "bengaluru")]
)
def test_indic_scripts_keep_the_consonants(typed: str, name: str) -> None:
    # य stands for a vowel in Jaipur: there the skeletons themselves are alike.
    assert consonants(skeleton(plain(typed)))[-2:] == consonants(skeleton(name))[-2:]
