"""``python -m wireproof``."""

from wireproof.cli import main

main()
