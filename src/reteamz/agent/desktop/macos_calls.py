"""macOS itself, by PyObjC, and by ctypes where PyObjC has no frame. Written from Apple's documentation; not yet tried on a machine."""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Final

import AppKit
import ApplicationServices
import Quartz

from reteamz.agent.desktop.macos_api import App, Login, MacApi, Shown

assert sys.platform == "darwin"

_ANY_INPUT: Final = 0xFFFFFFFF
"""kCGAnyInputEventType."""
_AX_TIMEOUT_S: Final = 0.5
"""How long an application may take to tell its title; six seconds if nothing is said."""
_GLOBAL: Final = int.from_bytes(b"glob", "big")
"""kAudioObjectPropertyScopeGlobal, and CoreMediaIO's."""
_INPUT: Final = int.from_bytes(b"inpt", "big")
_DEVICES: Final = int.from_bytes(b"dev#", "big")
_STREAMS: Final = int.from_bytes(b"stm#", "big")
_RUNNING: Final = int.from_bytes(b"goin", "big")
"""kAudioDevicePropertyDeviceIsRunning: in this process."""
_RUNNING_SOMEWHERE: Final = int.from_bytes(b"gone", "big")
_SYSTEM: Final = 1
"""kAudioObjectSystemObject, and CoreMediaIO's."""


def _framework(name: str) -> ctypes.CDLL:
    return ctypes.CDLL(f"/System/Library/Frameworks/{name}.framework/{name}")


class _Address(ctypes.Structure):
    """AudioObjectPropertyAddress, and CMIOObjectPropertyAddress."""

    _fields_ = (("selector", ctypes.c_uint32), ("scope", ctypes.c_uint32), ("element", ctypes.c_uint32))


class _Devices:
    """The devices of CoreAudio or of CoreMediaIO, whose calls are alike but for the size of what was read."""

    def __init__(self, size: Any, data: Any, tells_read: bool) -> None:
        self._size = size
        self._data = data
        self._tells_read = tells_read

    def others_use(self) -> bool:
        """Tell whether a device with inputs runs in another process and not in this one."""
        return any(
            bool(self._read(device, _STREAMS, _INPUT))
            and any(self._read(device, _RUNNING_SOMEWHERE, _GLOBAL))
            and not any(self._read(device, _RUNNING, _GLOBAL))
            for device in self._read(_SYSTEM, _DEVICES, _GLOBAL)
        )

    def _read(self, thing: int, selector: int, scope: int) -> list[int]:
        """Return a property of 32-bit numbers, empty where the device has none."""
        address, size = _Address(selector, scope, 0), ctypes.c_uint32()
        if self._size(thing, ctypes.byref(address), 0, None, ctypes.byref(size)) or not size.value:
            return []
        found = (ctypes.c_uint32 * (size.value // 4))()
        if self._tells_read:
            read = ctypes.c_uint32()
            failed = self._data(thing, ctypes.byref(address), 0, None, size, ctypes.byref(read), ctypes.byref(found))
        else:
            failed = self._data(thing, ctypes.byref(address), 0, None, ctypes.byref(size), ctypes.byref(found))
        return [] if failed else list(found)


class MacCalls:
    """The calls of ``MacApi``."""

    def __init__(self) -> None:
        self._secure: Final = _framework("Carbon").IsSecureEventInputEnabled
        self._secure.restype = ctypes.c_ubyte
        audio, media = _framework("CoreAudio"), _framework("CoreMediaIO")
        self._devices: Final = (
            _Devices(audio.AudioObjectGetPropertyDataSize, audio.AudioObjectGetPropertyData, False),
            _Devices(media.CMIOObjectGetPropertyDataSize, media.CMIOObjectGetPropertyData, True),
        )

    def frontmost(self) -> App | None:
        """NSWorkspace.frontmostApplication, which is brought up to date by the run loop alone."""
        Quartz.CFRunLoopRunInMode(Quartz.kCFRunLoopDefaultMode, 0, False)
        found: Any = AppKit.NSWorkspace.sharedWorkspace().frontmostApplication()
        return None if found is None else App(int(found.processIdentifier()), str(found.localizedName() or ""))

    def windows(self) -> list[Shown]:
        """CGWindowListCopyWindowInfo."""
        which = Quartz.kCGWindowListOptionOnScreenOnly | Quartz.kCGWindowListExcludeDesktopElements
        found: Any = Quartz.CGWindowListCopyWindowInfo(which, Quartz.kCGNullWindowID)
        if found is None:
            raise OSError("there is no window server")
        return [_shown(each) for each in found]

    def trusted(self) -> bool:
        """AXIsProcessTrusted."""
        return bool(ApplicationServices.AXIsProcessTrusted())

    def sees_screen(self) -> bool:
        """CGPreflightScreenCaptureAccess; does not ask the person."""
        return bool(Quartz.CGPreflightScreenCaptureAccess())

    def focused_title(self, process: int) -> str | None:
        """AXUIElementCopyAttributeValue, twice."""
        app = ApplicationServices.AXUIElementCreateApplication(process)
        ApplicationServices.AXUIElementSetMessagingTimeout(app, _AX_TIMEOUT_S)
        window = _attribute(app, ApplicationServices.kAXFocusedWindowAttribute)
        title = None if window is None else _attribute(window, ApplicationServices.kAXTitleAttribute)
        return None if title is None else str(title)

    def idle(self) -> float:
        """CGEventSourceSecondsSinceLastEventType."""
        state = Quartz.kCGEventSourceStateCombinedSessionState
        return float(Quartz.CGEventSourceSecondsSinceLastEventType(state, _ANY_INPUT))

    def counted(self) -> int:
        """CGEventSourceCounterForEventType, of keys and buttons."""
        state = Quartz.kCGEventSourceStateCombinedSessionState
        kinds = (
            Quartz.kCGEventKeyDown, Quartz.kCGEventLeftMouseDown, Quartz.kCGEventRightMouseDown, Quartz.kCGEventOtherMouseDown,
        )  # fmt: skip
        return sum(int(Quartz.CGEventSourceCounterForEventType(state, kind)) for kind in kinds) & 0xFFFFFFFF

    def login(self) -> Login | None:
        """CGSessionCopyCurrentDictionary."""
        found: Any = Quartz.CGSessionCopyCurrentDictionary()
        if found is None:
            return None
        return Login(
            bool(found.get("CGSSessionScreenIsLocked", False)), bool(found.get("kCGSSessionOnConsoleKey", True))
        )

    def in_use(self) -> bool:
        """AudioObjectGetPropertyData and CMIOObjectGetPropertyData."""
        return any(devices.others_use() for devices in self._devices)

    def secure_input(self) -> bool:
        """IsSecureEventInputEnabled."""
        return bool(self._secure())

    def pasteboard_number(self) -> int:
        """NSPasteboard.changeCount."""
        return int(AppKit.NSPasteboard.generalPasteboard().changeCount())

    def pasteboard_types(self) -> frozenset[str]:
        """NSPasteboard.types."""
        return frozenset(str(each) for each in AppKit.NSPasteboard.generalPasteboard().types() or ())

    def pasteboard_text(self) -> str | None:
        """NSPasteboard.stringForType."""
        found: Any = AppKit.NSPasteboard.generalPasteboard().stringForType_(AppKit.NSPasteboardTypeString)
        return None if found is None else str(found)


def _shown(told: Any) -> Shown:
    place, title = told.get(Quartz.kCGWindowBounds, {}), told.get(Quartz.kCGWindowName)
    left, top, width, height = (float(place.get(each, 0)) for each in ("X", "Y", "Width", "Height"))
    return Shown(
        int(told[Quartz.kCGWindowOwnerPID]),
        str(told.get(Quartz.kCGWindowOwnerName, "")),
        None if title is None else str(title),
        int(told.get(Quartz.kCGWindowLayer, 0)),
        left,
        top,
        width,
        height,
    )


def _attribute(element: Any, name: Any) -> Any:
    """Return an attribute of an accessible thing, None where it has none or does not answer."""
    failed, value = ApplicationServices.AXUIElementCopyAttributeValue(element, name, None)
    return None if failed else value


def opened() -> MacApi:
    """Return the calls. Raises OSError where a framework is missing."""
    return MacCalls()
