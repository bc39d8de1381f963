"""The data files of normalisation. README.md in this folder says where each comes from."""
