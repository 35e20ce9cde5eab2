"""What support sees of accounts, and what administrators do to them."""
