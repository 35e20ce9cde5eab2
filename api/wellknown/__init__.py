"""What is found at addresses that are the same everywhere."""
