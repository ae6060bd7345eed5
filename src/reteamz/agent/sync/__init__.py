"""Between spool and server: polls, uploads, what errors mean."""
