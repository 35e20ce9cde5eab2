"""Accounts: how they are opened, entered, kept and given up."""
