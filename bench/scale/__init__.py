"""How the watch bears thousands of pages: a farm of portals on loopback, the real daemon, its cost."""
