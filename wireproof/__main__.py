"""``wireproof`` and ``python -m wireproof``: where the command line begins."""

import sys

INTERRUPTED = 130


def main() -> None:
    """Load the command line and run it; exit with its status."""
    try:
        # Loading takes a while, in which Ctrl-C is as ordinary as later.
        from wireproof.cli import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
