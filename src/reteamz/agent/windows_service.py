"""The agent as a service of Windows: what the service control manager starts, tells to stop, and is told by. Not yet tried on a machine."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import servicemanager
import win32service
import win32serviceutil

from reteamz.agent.endpoint import SERVICE
from reteamz.wire.errors import ReteamzError

assert sys.platform == "win32"


def serve(run: Callable[[], None], end: Callable[[], None]) -> None:
    """Serve as the service control manager says (StartServiceCtrlDispatcher); returns when the service stopped.

    Args:
        run: the service's work.
        end: ends it soon; called by another thread.
    """

    class Service(win32serviceutil.ServiceFramework):
        _svc_name_ = SERVICE
        _svc_display_name_ = "Reteamz agent"

        def SvcDoRun(self) -> None:  # pywin32's name
            self.ReportServiceStatus(win32service.SERVICE_RUNNING)
            try:
                run()
            except ReteamzError as error:
                servicemanager.LogErrorMsg(f"{SERVICE}: {error.message}")
                raise

        def SvcStop(self) -> None:  # pywin32's name
            self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING)
            end()

    manager: Any = servicemanager
    manager.Initialize()
    manager.PrepareToHostSingle(Service)
    manager.StartServiceCtrlDispatcher()
