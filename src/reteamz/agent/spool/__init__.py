"""The outbox: signed batches that wait for the server, and events that wait to become batches. Ciphertext only."""

from reteamz.agent.spool.spool import Outgoing, Spool

__all__ = ["Outgoing", "Spool"]
