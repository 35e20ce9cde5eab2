"""Health, readiness, metrics and the documentation page."""
