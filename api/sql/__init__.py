"""Read-only SQL over documented views."""
