"""What an account is entered with beside its password: codes, passkeys, and keys for programs."""
