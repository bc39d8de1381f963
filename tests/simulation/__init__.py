"""The whole system against a small model, driven by generated histories."""
