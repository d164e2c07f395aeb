"""What the engine says of real pages, of their ordinary life and of attacks on them."""
