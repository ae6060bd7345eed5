"""The notice as a window. Where the desktop has none of its means, the local page asks instead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from reteamz.agent.control import Status
from reteamz.agent.sessions.face import open_page

_WIDTH: Final = 460


def show_notice(status: Status, decide: Callable[[bool], object]) -> None:
    """Show what the owner wants to record beyond the default, until the person answers or closes the window.

    Args:
        status: what is asked, and who would read it.
        decide: told of the answer.
    """
    try:
        import tkinter
        from tkinter import ttk

        root = tkinter.Tk()
    # Python without tkinter, or a desktop that it cannot use.
    except Exception:
        open_page(status.port)
        return
    _filled(root, ttk, status, decide)
    root.mainloop()


def _filled(root: Any, ttk: Any, status: Status, decide: Callable[[bool], object]) -> None:
    root.title("Reteamz: may this be recorded?")
    root.resizable(False, False)
    root.attributes("-topmost", True)
    frame = ttk.Frame(root, padding=20)
    frame.grid()

    def line(text: str, size: int = 10, bold: bool = False, space: tuple[int, int] = (0, 6)) -> None:
        font = ("TkDefaultFont", size, "bold" if bold else "normal")
        label = ttk.Label(frame, text=text, font=font, wraplength=_WIDTH, justify="left")
        label.grid(sticky="w", columnspan=3, pady=space)

    line("May this be recorded?", 14, bold=True)
    line(
        f"For {status.person}. The owner of this computer's account asks to record more than applications, titles and sites:"
    )
    for sentence in status.asked:
        line(f"•  {sentence}", space=(0, 3))
    line("Who can read it", 11, bold=True, space=(10, 4))
    for reader in status.readers:
        line(reader, space=(0, 3))
    line("Until you accept, none of it is recorded. You can change your mind at any time.",
         space=(10, 12))  # fmt: skip

    def answer(accept: bool) -> Callable[[], None]:
        def chosen() -> None:
            decide(accept)
            root.destroy()

        return chosen

    buttons = ttk.Frame(frame)
    buttons.grid(sticky="e", columnspan=3)
    ttk.Button(buttons, text="Later", command=root.destroy).grid(row=0, column=0, padx=(0, 8))
    ttk.Button(buttons, text="Decline", command=answer(False)).grid(row=0, column=1, padx=(0, 8))
    ttk.Button(buttons, text="Accept", command=answer(True)).grid(row=0, column=2)
