"""Who somebody is: passwords, tokens, codes and keys. Pure: the clock is an argument, nothing is read."""
