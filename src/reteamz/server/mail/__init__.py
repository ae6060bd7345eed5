"""Mail that the server sends: kept in the control database until a mail server took it."""

from reteamz.server.mail.outbox import Outbox, drop_waiting, queue
from reteamz.server.mail.smtp import MailServer, mail_server

__all__ = ["MailServer", "Outbox", "drop_waiting", "mail_server", "queue"]
