"""Real pages: the daemon over real sites that are walked through their versions, and then defaced."""
