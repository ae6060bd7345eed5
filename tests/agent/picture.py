"""A window that shows a known picture: the X server paints it, whenever somebody looks."""

from __future__ import annotations

from PIL import Image
from Xlib import X, display

COLOURS = ((200, 30, 40), (20, 160, 60), (30, 60, 210), (240, 220, 20), (10, 10, 10), (250, 250, 250))


def picture(width: int, height: int, turn: int = 0) -> Image.Image:
    """Return a board of six colours, two rows of three; ``turn`` moves them on."""
    board = Image.new("RGB", (width, height))
    for number in range(6):
        left, top = number % 3 * width // 3, number // 3 * height // 2
        right, bottom = (number % 3 + 1) * width // 3, (number // 3 + 1) * height // 2
        board.paste(COLOURS[(number + turn) % 6], (left, top, right, bottom))
    return board


class PictureWindow:
    """The window, over everything else."""

    def __init__(self, address: str, x: int, y: int, width: int, height: int, title: str = "Picture") -> None:
        self._display = display.Display(address)
        self._size = (width, height)
        screen = self._display.screen()
        self.window = screen.root.create_window(x, y, width, height, 0, screen.root_depth)
        self.window.set_wm_name(title)
        self.window.set_wm_class("viewer", "Viewer")
        self.show(0)
        self.window.map()
        self.window.configure(stack_mode=X.Above)
        self._display.sync()

    def show(self, turn: int) -> None:
        """Show the board, moved on by ``turn``."""
        width, height = self._size
        pixels = self.window.create_pixmap(width, height, self._display.screen().root_depth)
        context = pixels.create_gc()
        for number in range(6):
            red, green, blue = COLOURS[(number + turn) % 6]
            context.change(foreground=red << 16 | green << 8 | blue)
            left, top = number % 3 * width // 3, number // 3 * height // 2
            right, bottom = (number % 3 + 1) * width // 3, (number // 3 + 1) * height // 2
            pixels.fill_rectangle(context, left, top, right - left, bottom - top)
        self.window.change_attributes(background_pixmap=pixels)
        self.window.clear_area(0, 0, width, height)
        pixels.free()
        self._display.sync()

    def focus(self) -> None:
        """Give it the input focus."""
        self.window.set_input_focus(X.RevertToParent, X.CurrentTime)
        self._display.sync()

    def close(self) -> None:
        self.window.destroy()
        self._display.sync()
        self._display.close()


def differs(one: Image.Image, other: Image.Image) -> float:
    """Return by how much two pictures differ on average, in steps of 255."""
    assert one.size == other.size
    pairs = zip(one.convert("RGB").tobytes(), other.convert("RGB").tobytes(), strict=True)
    return sum(abs(a - b) for a, b in pairs) / (one.width * one.height * 3)
