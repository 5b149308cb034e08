"""What was compiled and read back"""

import pytest
from matching.test_cases import sentences, strip
from matching.test_matcher import EXCHANGE, story
from msgspec import structs

from monitor.matching.matcher import Matcher, Subject

SEVERAL = [EXCHANGE, story()]


def test_finds_the_same_in_every_sentence_of_the_cases() -> None:
    cases = [*sentences("finds"), *sentences("flagged"), *sentences("silent")]
    stories = list({each.values[0].id: each.values[0] for each in cases}.values())
    subjects = [Subject(None, (("text", strip(each.values[1])[0]),)) for each in cases]
    made = Matcher(stories)

    read_back = Matcher(stories, made.compiled())

    assert (made.is_new, read_back.is_new) == (True, False)
    assert read_back.match(subjects, everything=True) == made.match(subjects, everything=True)
    assert read_back.compiled() == made.compiled()


@pytest.mark.parametrize("at", [0, 25, 60, 1_000, -1])
def test_is_compiled_anew_where_a_bit_is_wrong(at: int) -> None:
    data = bytearray(Matcher(SEVERAL).compiled())
    data[at] ^= 4

    assert Matcher(SEVERAL, bytes(data)).is_new


@pytest.mark.parametrize("length", [0, 5, 30, 200])
def test_is_compiled_anew_where_it_was_cut_off(length: int) -> None:
    assert Matcher(SEVERAL, Matcher(SEVERAL).compiled()[:length]).is_new


def test_is_compiled_anew_for_other_names_and_only_for_those() -> None:
    data = Matcher(SEVERAL).compiled()
    other = structs.replace(EXCHANGE, topics={"prisoners": "пленный OR captives", "exchange": "обмен*"})
    called_otherwise = structs.replace(EXCHANGE, id="swap", title="Another title")

    assert Matcher([other, story()], data).is_new
    assert not Matcher([called_otherwise, story()], data).is_new


def test_of_no_stories_at_all() -> None:
    assert Matcher([], Matcher([]).compiled()).match([Subject(None, (("text", "Гладков"),))])[0].flagged == ()
