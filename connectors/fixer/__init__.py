"""Fixer: rates of the euro, and on paid plans of every base, against many currencies."""
