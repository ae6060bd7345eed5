"""Makes the agent start by itself: systemd, launchd, the service control manager of Windows."""
