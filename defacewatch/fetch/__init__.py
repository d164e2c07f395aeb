"""Looking at pages: a plain HTTP probe, a browser, and the guard that both pass."""
