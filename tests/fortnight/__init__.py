"""A fortnight of the duty desk in minutes: a real daemon on faked time, killed again and again, and an audit
of who was told what. `python -m tests.fortnight` runs it; docs/fortnight.md has the results."""
