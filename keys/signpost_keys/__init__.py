"""One key holder. It holds one share of the key, and sees blinded points and nothing else."""
