"""The access matrix: every operation, asked by everybody who must not be let in."""
