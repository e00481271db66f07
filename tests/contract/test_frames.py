"""Sets of frames, as anybody may write them: bounded numbers, short sentences, exact sums however many pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matteline.contract.errors import LONGEST_SENTENCE, JobError, ReadError
from matteline.contract.frames import FrameSet

numbers = st.sets(st.integers(-40, 40), max_size=40)


@given(numbers, numbers)
def test_a_set_without_another_has_what_plain_sets_have(these, others):
    assert set(FrameSet.of(these).minus(FrameSet.of(others))) == these - others


@given(numbers, st.integers(-45, 45))
def test_a_frame_is_in_a_set_when_it_was_put_there(these, number):
    assert (number in FrameSet.of(these)) == (number in these)


@pytest.mark.parametrize("text", ["9" * 19, "1-" + "9" * 5000, "-" + "1" * 5000])
def test_a_number_that_no_machine_counts_to_is_refused_in_a_short_sentence(text):
    with pytest.raises(JobError) as caught:
        FrameSet.parse(text)
    assert len(caught.value.message) <= LONGEST_SENTENCE


def test_a_few_pieces_are_named_as_they_are():
    assert FrameSet.parse("1-3,7").brief == "1-3,7"


def test_many_pieces_are_counted_rather_than_listed():
    assert FrameSet.of(range(0, 20_000, 2)).brief == "0,2,4,6,8,…,19998 (10000 frames in 10000 pieces)"


def test_a_message_and_its_hint_are_cut_in_their_middle_and_hold_no_control_characters():
    error = ReadError("begins" + "\x1b[31m" + "x" * 300_000 + "ends.", hint="y" * 300_000)
    assert error.message.startswith("begins [31m")
    assert error.message.endswith("ends.")
    assert len(error.message) <= LONGEST_SENTENCE
    assert len(error.hint) <= LONGEST_SENTENCE
