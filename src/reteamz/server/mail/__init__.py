"""Mail that the server sends: kept in the control database until a mail server took it."""

from reteamz.server.mail.outbox import Outbox, queue
from reteamz.server.mail.smtp import MailServer, mail_server

__all__ = ["MailServer", "Outbox", "mail_server", "queue"]
