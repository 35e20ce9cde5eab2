"""HTTP: what the platform knows, for people, programs and browsers."""
