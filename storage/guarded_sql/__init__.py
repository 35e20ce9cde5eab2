"""Read-only SQL of callers', run by a session that can do nothing else."""
