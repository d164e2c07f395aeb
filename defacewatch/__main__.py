"""`python -m defacewatch`."""

from defacewatch.cli import main

if __name__ == "__main__":
    main()
