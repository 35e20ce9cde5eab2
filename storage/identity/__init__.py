"""Accounts and how they are entered: the statements of schema `auth`."""
