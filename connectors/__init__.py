"""The providers: their wire formats in and out, fetching, recorded files, and a local stand-in."""
