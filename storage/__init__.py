"""Every SQL statement and every Redis command."""
