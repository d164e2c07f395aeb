"""`python -m defacewatch`, and the command `defacewatch`."""

import gc


def main() -> None:
    """What is imported stays until the end: the collector need not look through it, now or then. A worker
    process imports this module as well, and nothing of what the commands need."""
    gc.disable()
    from defacewatch.cli import main as command  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    command()


if __name__ == "__main__":
    main()
