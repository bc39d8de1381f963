"""How well children are recognised: recall, false matches and leakage, on children who do not exist."""
