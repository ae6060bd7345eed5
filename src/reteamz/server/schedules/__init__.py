"""Who is expected to work when: schedules, holidays, absences."""

from reteamz.server.schedules.expected import Expected, Schedules
from reteamz.server.schedules.load import schedules_of

__all__ = ["Expected", "Schedules", "schedules_of"]
