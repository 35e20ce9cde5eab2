"""The DEVELOPMENT outbox: mail that a machine without a mail server shows instead of sending."""
