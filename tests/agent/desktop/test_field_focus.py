"""Keys and focus in every order that two ways with delays can bring them: no key of a password is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reteamz.agent.desktop.base import Window
from reteamz.agent.desktop.field_focus import LINGERS_S, PASSWORD_TEXT, SETTLES_S, FieldFocus

FORM, TERMINAL = Window("browser", "Log in"), Window("xterm", "shell")
PLAIN, SECRET = ("browser", "/plain"), ("browser", "/secret")
ENTRY = 79
"""Role of a plain field."""


def focus() -> FieldFocus:
    made = FieldFocus()
    made.gained(PLAIN, 10.0)
    made.told(PLAIN, ENTRY)
    return made


def test_what_nobody_calls_a_password_is_told() -> None:
    assert not FieldFocus().hidden(TERMINAL, 5.0)
    assert not focus().hidden(FORM, 12.0)


def test_a_field_is_a_passwords_until_its_program_says_otherwise() -> None:
    made = focus()
    made.gained(SECRET, 20.0)
    for at in (20.0, 20.9, 25.0, 60.0):
        assert made.hidden(FORM, at), "no answer yet"
    made.told(SECRET, None)
    assert made.hidden(FORM, 61.0), "an error is no answer"
    made.told(SECRET, ENTRY)
    assert not made.hidden(FORM, 62.0)


def test_keys_before_and_after_the_field_are_told() -> None:
    made = focus()
    made.gained(SECRET, 20.0)
    made.told(SECRET, PASSWORD_TEXT)
    assert not made.hidden(FORM, 20.0 - SETTLES_S - 0.1)
    assert made.hidden(FORM, 20.0 - SETTLES_S + 0.1), "its focus may have been told late"
    made.lost(SECRET, 30.0)
    made.gained(PLAIN, 30.0)
    made.told(PLAIN, ENTRY)
    assert made.hidden(FORM, 30.0 + LINGERS_S - 0.1), "the key may have come late"
    assert not made.hidden(FORM, 30.0 + LINGERS_S + 0.1)


def test_a_key_from_before_does_not_say_whose_field_it_is() -> None:
    made = FieldFocus()
    made.gained(SECRET, 20.2)
    made.told(SECRET, PASSWORD_TEXT)
    # Enter in the terminal, judged after the question for the password came up.
    made.hidden(TERMINAL, 20.0)
    assert all(made.hidden(FORM, 20.3 + 0.25 * number) for number in range(40))


def test_another_window_is_told_again_after_a_while() -> None:
    made = focus()
    made.gained(SECRET, 20.0)
    made.told(SECRET, PASSWORD_TEXT)
    assert made.hidden(FORM, 21.0)
    assert made.hidden(TERMINAL, 22.0)
    assert made.hidden(TERMINAL, 22.0 + LINGERS_S - 0.1)
    assert not made.hidden(TERMINAL, 22.0 + LINGERS_S)
    assert made.hidden(FORM, 25.0), "back in the field"


def test_while_nobody_tells_nothing_is_told() -> None:
    made = focus()
    made.blind(20.0)
    assert made.hidden(TERMINAL, 100.0)
    made.gained(PLAIN, 110.0)
    made.told(PLAIN, ENTRY)
    assert not made.hidden(FORM, 120.0)


@pytest.mark.parametrize("answered", [True, False])
@given(
    st.floats(0.0, 0.45),
    st.floats(0.0, 0.45),
    st.floats(0.0, 0.95),
    st.lists(st.floats(0.0, 5.0), min_size=1, max_size=9),
    st.sampled_from([None, -0.3, -0.1]),
)
def test_no_order_of_delays_tells_a_key_of_a_password(
    answered: bool, told_late: float, role_late: float, key_late: float, keys: list[float], before: float | None
) -> None:
    """The field has the focus from 100 to 105; what is told of it, and the keys, arrive late, keys in their order."""
    made = focus()
    happened: list[tuple[float, str, float]] = [(100.0 + told_late, "gained", 0.0), (105.0, "lost", 0.0)]
    if answered:
        happened.append((100.0 + told_late + role_late, "told", 0.0))
    happened += [(100.0 + key + key_late + SETTLES_S, "key", 100.0 + key + key_late) for key in keys]
    if before is not None:
        happened.append((100.0 + before + SETTLES_S, "before", 100.0 + before))
    for now, what, at in sorted(happened):
        if what == "gained":
            made.gained(SECRET, now)
        elif what == "told":
            made.told(SECRET, PASSWORD_TEXT)
        elif what == "lost":
            made.lost(SECRET, now)
            made.gained(PLAIN, now)
            made.told(PLAIN, ENTRY)
        elif what == "before":
            made.hidden(TERMINAL, at)
        else:
            assert made.hidden(FORM, at), (now, at)
