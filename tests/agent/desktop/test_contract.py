"""What every adapter keeps: X11 on a real server, Windows and macOS on what their documentation says (``recorded``)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.agent.desktop.rigs import RIGS, Rig, rigged
from tests.waiting import wait_for

from reteamz.agent.desktop.base import Window
from reteamz.wire.errors import ReteamzError


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with rigged(request.param) as made:
        yield made


def test_the_focused_window_is_told_by_name_and_title(rig: Rig) -> None:
    rig.open("Writer", "Angebot 4711 – für Äpfel 🍏")
    rig.open("Calc", "Prices")
    desktop = rig.desktop()
    for app, title in (("Writer", "Angebot 4711 – für Äpfel 🍏"), ("Calc", "Prices")):
        rig.focus(title)
        assert desktop.look().window == Window(app, title)
    desktop.close()


def test_without_a_window_there_is_none(rig: Rig) -> None:
    rig.open("Writer", "Short-lived")
    rig.focus("Short-lived")
    desktop = rig.desktop()
    rig.nothing()
    assert desktop.look().window is None
    desktop.close()


def test_idleness_grows_and_input_ends_it(rig: Rig) -> None:
    rig.open("Writer", "Keys")
    rig.focus("Keys")
    desktop = rig.desktop()
    rig.press("a")
    rig.wait(desktop, 300)
    idle = desktop.look().idle
    assert idle is not None
    assert idle >= 300
    rig.press("b")
    assert (desktop.look().idle or 0) < 300
    desktop.close()


def test_presses_are_counted_or_it_says_why_not(rig: Rig) -> None:
    rig.open("Writer", "Counted")
    rig.focus("Counted")
    desktop = rig.desktop()
    desktop.look()
    for key in "abc":
        rig.press(key)
    counted = 0

    def done() -> bool:
        nonlocal counted
        counted += desktop.look().input
        return counted >= 3

    if "input" in desktop.unsupported():
        assert desktop.look().input == 0
    else:
        wait_for(done, what="three keys")
        assert counted == 3
    desktop.close()


def test_what_it_cannot_tell_it_says_with_a_reason(rig: Rig) -> None:
    rig.open("Writer", "Letter")
    rig.focus("Letter")
    desktop = rig.desktop()
    look, untold = desktop.look(), desktop.unsupported()
    assert (look.idle is None) == ("idle" in untold)
    assert (look.locked is None) == ("locked" in untold)
    for reason in untold.values():
        assert len(reason) > 20
        assert "unknown" not in reason
    assert desktop.name
    desktop.close()


def test_a_desktop_that_went_away_is_one_sentence(rig: Rig) -> None:
    rig.open("Writer", "Letter")
    rig.focus("Letter")
    desktop, screens = rig.desktop(), rig.screens()
    desktop.look()
    rig.lose()
    for ask in (desktop.look, screens.visible):
        with pytest.raises(ReteamzError, match="display_missing"):
            ask()
    screens.close()
    desktop.close()


def test_pictures_come_with_the_windows_on_them(rig: Rig) -> None:
    rig.open("Writer", "Letter")
    rig.open("Calc", "Prices")
    rig.focus("Prices")
    screens = rig.screens()
    shots = screens.shots(active_only=False)
    assert shots
    assert [shot.monitor for shot in shots] == list(range(len(shots)))
    for shot in shots:
        assert len(shot.rgb) == shot.width * shot.height * 3
    assert len(screens.shots(active_only=True)) == 1
    assert {Window("Writer", "Letter"), Window("Calc", "Prices")} <= set(screens.visible())
    screens.close()


def test_typed_text_comes_with_its_window(rig: Rig) -> None:
    rig.open("Writer", "Letter")
    rig.focus("Letter")
    told: list[tuple[Window, str]] = []
    keys = rig.keys(lambda window, text: told.append((window, text)))
    # What is pressed before anybody looked at the field does not count, where fields can be asked.
    wait_for(lambda: rig.press("x") or told, what="a first key")
    wait_for(lambda: rig.press("\n") or told[-1][1] == "\n", what="the end of the line")
    told.clear()
    for key in "abc":
        rig.press(key)
    wait_for(lambda: "".join(text for _, text in told).endswith("abc"), what="three keys")
    assert {window for window, _ in told} == {Window("Writer", "Letter")}
    keys.close()
    rig.press("d")
    assert "d" not in [text for _, text in told]


def test_copied_text_comes_with_its_window(rig: Rig) -> None:
    rig.copy("from before")
    rig.open("Calc", "Prices")
    rig.focus("Prices")
    told: list[tuple[Window, str]] = []
    clipboard = rig.clipboard(lambda window, text: told.append((window, text)))
    for text in ("14 Looms für 4 711 €", "and a second 🍏"):
        rig.copy(text)
        wait_for(lambda text=text: text in [each for _, each in told], what=text)  # type: ignore[misc]  # a default
    clipboard.close()
    assert {window for window, _ in told} == {Window("Calc", "Prices")}
