"""What libraries say of their failures."""

from __future__ import annotations

import pytest

from matteline.contract.library_text import LONGEST_WORDS, first_line, one_line, pending_error


class _Failed:
    """An object whose failure quotes bytes that are no UTF-8, as bindings hand it over."""

    def geterror(self) -> str:
        return b"no \xff here".decode()


def test_words_that_are_no_utf8_keep_the_rest():
    assert pending_error(_Failed()) == "no \ufffd here"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ""),
        ("one\n  two.\n", "one two"),
        ("a\x1b[31mb\0c", "a [31mb c"),
        ("x" * 100_000, "x" * LONGEST_WORDS),
    ],
)
def test_a_sentence_takes_printable_words_on_one_line(words, expected):
    assert one_line(words) == expected


def test_the_first_line_is_enough_where_a_library_adds_more():
    assert first_line("one.\ntwo") == "one"
