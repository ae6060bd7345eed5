"""Who runs what on Windows, and who may read which file: by pywin32, and by ctypes where it does not reach.

Written from Microsoft's documentation; not yet tried on a machine.
"""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import ntsecuritycon
import pywintypes
import win32api
import win32con
import win32security
import win32service

from reteamz.agent.users import number_of

assert sys.platform == "win32"

_LIMITED: Final = 0x1000
"""PROCESS_QUERY_LIMITED_INFORMATION."""
_DISPLAY_NAME: Final = 3
"""NameDisplay (EXTENDED_NAME_FORMAT)."""
_AF_INET: Final = 2
_CONNECTIONS: Final = 4
"""TCP_TABLE_OWNER_PID_CONNECTIONS."""
_TOO_SMALL: Final = 122
"""ERROR_INSUFFICIENT_BUFFER."""
_INHERITED: Final = ntsecuritycon.OBJECT_INHERIT_ACE | ntsecuritycon.CONTAINER_INHERIT_ACE
_iphlpapi: Final = ctypes.WinDLL("iphlpapi")


def own_sid() -> str:
    """Return the security identifier of the user who runs this."""
    return _sid_of(win32api.GetCurrentProcess())


def own_name() -> str:
    """Return the full name of the user who runs this, the login name where there is none."""
    with suppress(pywintypes.error):
        if told := str(win32api.GetUserNameEx(_DISPLAY_NAME)):
            return told
    return str(win32api.GetUserName())


def name_of(user: int) -> str:
    """Return the login name of another user whom a helper or a program of theirs made known, else the number."""
    return _names.get(user, str(user))


_names: Final[dict[int, str]] = {}


def user_of(process: int) -> int | None:
    """Return the user of a process, None where Windows does not tell this user."""
    try:
        handle: Any = win32api.OpenProcess(_LIMITED, False, process)
        try:
            sid = _sid_of(handle)
        finally:
            handle.Close()
        user = number_of(sid)
        _names[user] = str(win32security.LookupAccountSid(None, win32security.ConvertStringSidToSid(sid))[0])
    except pywintypes.error:
        return None
    return user


def process_at(local: tuple[int, int], remote: tuple[int, int]) -> int | None:
    """Return the process of a TCP connection between two ends of this computer (GetExtendedTcpTable).

    Args:
        local, remote: address and port of that process's end and of the other, both in network byte order as Windows keeps them.
    """
    size = ctypes.c_ulong(0)
    table = ctypes.create_string_buffer(0)
    for _ in range(8):
        failed = _iphlpapi.GetExtendedTcpTable(table, ctypes.byref(size), False, _AF_INET, _CONNECTIONS, 0)
        if failed != _TOO_SMALL:
            break
        # Connections come and go between two questions.
        table = ctypes.create_string_buffer(size.value + 4096)
        size.value = len(table)
    if failed:
        return None
    rows = memoryview(table)[4:].cast("B")
    for number in range(int.from_bytes(table.raw[:4], "little")):
        row = memoryview(rows[number * 24 : number * 24 + 24]).cast("I")
        if (row[1], row[2] & 0xFFFF, row[3], row[4] & 0xFFFF) == (*local, *remote):
            return int(row[5])
    return None


def service_process(name: str) -> int | None:
    """Return the process of a running service as the service control manager has it (QueryServiceStatusEx), None when none runs."""
    with suppress(pywintypes.error):
        manager: Any = win32service.OpenSCManager(None, None, win32service.SC_MANAGER_CONNECT)
        try:
            service: Any = win32service.OpenService(manager, name, win32service.SERVICE_QUERY_STATUS)
            try:
                status: Any = win32service.QueryServiceStatusEx(service)
                return int(status["ProcessId"]) or None
            finally:
                win32service.CloseServiceHandle(service)
        finally:
            win32service.CloseServiceHandle(manager)
    return None


def close_to_others(path: Path, everybody_reads: bool = False) -> None:
    """Let the owner, the system and administrators use a file or folder, and everybody read it if so said; nothing is inherited from above.

    Raises:
        OSError: the file system keeps no such lists, or the path is somebody else's.
    """
    rules = win32security.ACL()
    inherit = _INHERITED if path.is_dir() else 0
    for sid in (own_sid(), "S-1-5-18", "S-1-5-32-544"):
        rules.AddAccessAllowedAceEx(
            win32security.ACL_REVISION, inherit, ntsecuritycon.FILE_ALL_ACCESS, win32security.ConvertStringSidToSid(sid)
        )
    if everybody_reads:
        users = win32security.ConvertStringSidToSid("S-1-5-32-545")
        read = ntsecuritycon.FILE_GENERIC_READ | ntsecuritycon.FILE_GENERIC_EXECUTE
        rules.AddAccessAllowedAceEx(win32security.ACL_REVISION, inherit, read, users)
    which = win32security.DACL_SECURITY_INFORMATION | win32security.PROTECTED_DACL_SECURITY_INFORMATION
    try:
        win32security.SetNamedSecurityInfo(str(path), win32security.SE_FILE_OBJECT, which, None, None, rules, None)
    except pywintypes.error as error:
        raise OSError(None, str(error.strerror), str(path), error.winerror) from None


def _sid_of(process: Any) -> str:
    token: Any = win32security.OpenProcessToken(process, win32con.TOKEN_QUERY)
    try:
        user: Any = win32security.GetTokenInformation(token, win32security.TokenUser)
        return str(win32security.ConvertSidToStringSid(user[0]))
    finally:
        token.Close()
