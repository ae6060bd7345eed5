"""Windows itself, by pywin32, and by ctypes where pywin32 does not reach. Written from Microsoft's documentation; not yet tried on a machine."""

from __future__ import annotations

import ctypes
import sys
import winreg
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import wintypes
from typing import Any, Final

import pywintypes
import win32api
import win32clipboard
import win32con
import win32gui

from reteamz.agent.desktop.windows_api import Accessible, Capability, Copy, Use, WindowsApi

assert sys.platform == "win32"

_clipboard: Final[Any] = win32clipboard
_STORE: Final = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore"
_LIMITED: Final = 0x1000
"""PROCESS_QUERY_LIMITED_INFORMATION."""
_PATH_CHARACTERS: Final = 32_768
_TITLE_CHARACTERS: Final = 16_384
_NAME_CHARACTERS: Final = 256
_CLOAKED: Final = 14
"""DWMWA_CLOAKED."""
_SESSION_INFO_EX: Final = 25
"""WTSSessionInfoEx."""
_ACTIVE: Final = 0
"""WTSActive."""
_ES_PASSWORD: Final = 0x20
_TICK_100NS: Final = 10_000
_TIMES: Final = ("Start", "Stop")
_HISTORY: Final = "CanIncludeInClipboardHistory"

_user32: Final = ctypes.WinDLL("user32", use_last_error=True)
_kernel32: Final = ctypes.WinDLL("kernel32", use_last_error=True)
_dwmapi: Final = ctypes.WinDLL("dwmapi")
_wtsapi32: Final = ctypes.WinDLL("wtsapi32", use_last_error=True)

_user32.GetForegroundWindow.restype = wintypes.HWND
_user32.GetWindowTextW.argtypes = [wintypes.HWND, wintypes.LPWSTR, ctypes.c_int]
_user32.GetWindowThreadProcessId.argtypes = [wintypes.HWND, ctypes.POINTER(wintypes.DWORD)]
_user32.GetWindowThreadProcessId.restype = wintypes.DWORD
_user32.GetClassNameW.argtypes = [wintypes.HWND, wintypes.LPWSTR, ctypes.c_int]
_kernel32.QueryFullProcessImageNameW.argtypes = [
    wintypes.HANDLE, wintypes.DWORD, wintypes.LPWSTR, ctypes.POINTER(wintypes.DWORD)
]  # fmt: skip
_kernel32.OpenProcess.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
_kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.CloseHandle.argtypes = [wintypes.HANDLE]
_user32.OpenInputDesktop.argtypes = [wintypes.DWORD, wintypes.BOOL, wintypes.DWORD]
_user32.OpenInputDesktop.restype = wintypes.HANDLE
_user32.GetUserObjectInformationW.argtypes = [
    wintypes.HANDLE, ctypes.c_int, ctypes.c_void_p, wintypes.DWORD, ctypes.POINTER(wintypes.DWORD)
]  # fmt: skip
_user32.CloseDesktop.argtypes = [wintypes.HANDLE]
_user32.GetClipboardSequenceNumber.restype = wintypes.DWORD
_kernel32.GetTickCount64.restype = ctypes.c_uint64
_kernel32.GetSystemTimeAsFileTime.argtypes = [ctypes.POINTER(wintypes.FILETIME)]
_dwmapi.DwmGetWindowAttribute.argtypes = [wintypes.HWND, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD]
_wtsapi32.WTSQuerySessionInformationW.argtypes = [
    wintypes.HANDLE, wintypes.DWORD, ctypes.c_int, ctypes.POINTER(ctypes.c_void_p), ctypes.POINTER(wintypes.DWORD)
]  # fmt: skip
_wtsapi32.WTSFreeMemory.argtypes = [ctypes.c_void_p]


class _GuiThread(ctypes.Structure):
    """GUITHREADINFO."""

    _fields_ = (
        ("size", wintypes.DWORD), ("flags", wintypes.DWORD), ("active", wintypes.HWND), ("focus", wintypes.HWND),
        ("capture", wintypes.HWND), ("menu", wintypes.HWND), ("moved", wintypes.HWND), ("caret", wintypes.HWND),
        ("place", wintypes.RECT),
    )  # fmt: skip


class _SessionHead(ctypes.Structure):
    """The beginning of WTSINFOEXW: ``level`` 1, then WTSINFOEX_LEVEL1_W, whose times align it to eight bytes."""

    _fields_ = (
        ("level", wintypes.DWORD), ("padding", wintypes.DWORD), ("session", wintypes.ULONG), ("state", ctypes.c_int),
        ("flags", wintypes.LONG),
    )  # fmt: skip


_user32.GetGUIThreadInfo.argtypes = [wintypes.DWORD, ctypes.POINTER(_GuiThread)]


def _refused() -> OSError:
    return ctypes.WinError(ctypes.get_last_error())


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Turn pywin32's errors into Python's own, which know what "access denied" is."""
    try:
        yield
    except pywintypes.error as error:
        raise OSError(None, str(error.strerror), None, error.winerror) from None


class WindowsCalls:
    """The calls of ``WindowsApi``."""

    def foreground(self) -> int:
        """GetForegroundWindow."""
        return int(_user32.GetForegroundWindow() or 0)

    def title(self, window: int) -> str:
        """GetWindowTextW: what the window keeps, its program is not asked."""
        text = ctypes.create_unicode_buffer(_TITLE_CHARACTERS)
        _user32.GetWindowTextW(window, text, _TITLE_CHARACTERS)
        return text.value

    def process(self, window: int) -> int:
        """GetWindowThreadProcessId."""
        found = wintypes.DWORD()
        _user32.GetWindowThreadProcessId(window, ctypes.byref(found))
        return found.value

    def children(self, window: int) -> list[int]:
        """EnumChildWindows."""
        return _enumerated(lambda take: win32gui.EnumChildWindows(window, take, None))

    def image(self, process: int) -> str:
        """QueryFullProcessImageNameW."""
        handle = _kernel32.OpenProcess(_LIMITED, False, process)
        if not handle:
            raise _refused()
        try:
            path, length = ctypes.create_unicode_buffer(_PATH_CHARACTERS), wintypes.DWORD(_PATH_CHARACTERS)
            if not _kernel32.QueryFullProcessImageNameW(handle, 0, path, ctypes.byref(length)):
                raise _refused()
            return path.value
        finally:
            _kernel32.CloseHandle(handle)

    def description(self, path: str) -> str:
        """VerQueryValueW, in the first language that the file has."""
        with _as_os_error():
            languages: Any = win32api.GetFileVersionInfo(path, r"\VarFileInfo\Translation")
            for language, page in languages:
                block = rf"\StringFileInfo\{language:04x}{page:04x}\FileDescription"
                told: Any = win32api.GetFileVersionInfo(path, block)
                if told:
                    return str(told)
        return ""

    def windows(self) -> list[int]:
        """EnumWindows, without what nobody sees."""
        return [each for each in _enumerated(lambda take: win32gui.EnumWindows(take, None)) if _shown(each)]

    def place(self, window: int) -> tuple[int, int, int, int]:
        """GetWindowRect."""
        with _as_os_error():
            return win32gui.GetWindowRect(window)

    def last_input(self) -> int:
        """GetLastInputInfo."""
        with _as_os_error():
            return win32api.GetLastInputInfo() & 0xFFFFFFFF

    def ticks(self) -> int:
        """GetTickCount."""
        return win32api.GetTickCount() & 0xFFFFFFFF

    def session(self) -> tuple[bool, int]:
        """WTSQuerySessionInformationW of the current session."""
        found, size = ctypes.c_void_p(), wintypes.DWORD()
        if not _wtsapi32.WTSQuerySessionInformationW(
            None, 0xFFFFFFFF, _SESSION_INFO_EX, ctypes.byref(found), ctypes.byref(size)
        ):
            raise _refused()
        try:
            head = ctypes.cast(found, ctypes.POINTER(_SessionHead)).contents
            return head.state == _ACTIVE, int(head.flags)
        finally:
            _wtsapi32.WTSFreeMemory(found)

    def input_desktop(self) -> str:
        """OpenInputDesktop."""
        desktop = _user32.OpenInputDesktop(0, False, win32con.DESKTOP_READOBJECTS)
        if not desktop:
            raise _refused()
        try:
            name = ctypes.create_unicode_buffer(_NAME_CHARACTERS)
            if not _user32.GetUserObjectInformationW(desktop, win32con.UOI_NAME, name, ctypes.sizeof(name), None):
                raise _refused()
            return name.value
        finally:
            _user32.CloseDesktop(desktop)

    def uses(self, capability: Capability) -> list[Use]:
        """Read the store: apps of the Store by the name of their package, other programs by their path."""
        found: list[Use] = []
        for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            for place in (rf"{_STORE}\{capability}", rf"{_STORE}\{capability}\NonPackaged"):
                found += _uses(root, place)
        return found

    def started(self) -> int:
        """Now, less the time since."""
        now = wintypes.FILETIME()
        _kernel32.GetSystemTimeAsFileTime(ctypes.byref(now))
        at = now.dwHighDateTime << 32 | now.dwLowDateTime
        return int(at - _kernel32.GetTickCount64() * _TICK_100NS)

    def password_style(self, window: int) -> bool:
        """GetGUIThreadInfo, then the style of the control."""
        thread = _user32.GetWindowThreadProcessId(window, None)
        state = _GuiThread(size=ctypes.sizeof(_GuiThread))
        if not thread or not _user32.GetGUIThreadInfo(thread, ctypes.byref(state)):
            raise _refused()
        if not state.focus:
            return False
        name = ctypes.create_unicode_buffer(_NAME_CHARACTERS)
        _user32.GetClassNameW(state.focus, name, _NAME_CHARACTERS)
        if "edit" not in name.value.lower():
            return False
        with _as_os_error():
            return bool(win32gui.GetWindowLong(state.focus, win32con.GWL_STYLE) & _ES_PASSWORD)

    def clipboard_number(self) -> int:
        """GetClipboardSequenceNumber."""
        return int(_user32.GetClipboardSequenceNumber())

    def clipboard(self) -> Copy:
        """EnumClipboardFormats and GetClipboardData; nothing is changed."""
        with _as_os_error():
            _clipboard.OpenClipboard(0)
            try:
                return _copy()
            finally:
                _clipboard.CloseClipboard()


def _copy() -> Copy:
    names: set[str] = set()
    history, text, number = True, None, 0
    while number := _clipboard.EnumClipboardFormats(number):
        # Formats that Windows defines have no name.
        with suppress(pywintypes.error):
            name = str(_clipboard.GetClipboardFormatName(number))
            names.add(name)
            if name == _HISTORY:
                history = any(bytes(_clipboard.GetClipboardData(number)))
    if _clipboard.IsClipboardFormatAvailable(win32con.CF_UNICODETEXT):
        text = str(_clipboard.GetClipboardData(win32con.CF_UNICODETEXT))
    return Copy(frozenset(names), history, text)


def _uses(root: int, place: str) -> list[Use]:
    found: list[Use] = []
    with suppress(OSError), winreg.OpenKey(root, place) as programs:
        for number in range(winreg.QueryInfoKey(programs)[0]):
            program = winreg.EnumKey(programs, number)
            with suppress(OSError), winreg.OpenKey(programs, program) as key:
                started, stopped = (int(winreg.QueryValueEx(key, f"LastUsedTime{which}")[0]) for which in _TIMES)
                found.append(Use(program, started, stopped))
    return found


def _shown(window: int) -> bool:
    if not win32gui.IsWindowVisible(window) or win32gui.IsIconic(window):
        return False
    cloaked = wintypes.DWORD()
    # Windows of other virtual desktops, and of apps of the Store that rest, are visible and cloaked.
    failed = _dwmapi.DwmGetWindowAttribute(window, _CLOAKED, ctypes.byref(cloaked), ctypes.sizeof(cloaked))
    return bool(failed) or not cloaked.value


def _enumerated(each: Callable[[Callable[[int, Any], bool]], object]) -> list[int]:
    found: list[int] = []

    def take(window: int, _: Any) -> bool:
        found.append(window)
        return True

    # Windows that close meanwhile end the list early.
    with suppress(pywintypes.error):
        each(take)
    return found


def opened() -> WindowsApi:
    """Return the calls."""
    return WindowsCalls()


def accessible() -> Accessible:
    """Return what asks UI Automation, for the thread that calls this. Raises OSError where it cannot be had."""
    import comtypes
    import comtypes.client

    comtypes.CoInitializeEx(comtypes.COINIT_MULTITHREADED)
    try:
        module = comtypes.client.GetModule("UIAutomationCore.dll")
        automation = comtypes.CoCreateInstance(
            module.CUIAutomation._reg_clsid_, interface=module.IUIAutomation, clsctx=comtypes.CLSCTX_INPROC_SERVER
        )
    except comtypes.COMError as error:
        raise OSError(str(error)) from None

    def asked() -> bool:
        try:
            return bool(automation.GetFocusedElement().CurrentIsPassword)
        except comtypes.COMError as error:
            raise OSError(str(error)) from None

    return asked
