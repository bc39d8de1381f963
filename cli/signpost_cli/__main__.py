"""`python -m signpost_cli`: the same as `signpost`."""

from signpost_cli.main import main

main()
