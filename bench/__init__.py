"""Benchmarks: measurements that are too long for the test suite. `python -m bench` lists them."""
