"""The signpost command, for practitioners, custodians and operators."""
