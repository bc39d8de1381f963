"""The gateway's pages, driven in a browser against a real gateway, index and key holders: `make test-browser`."""
