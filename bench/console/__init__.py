"""How quickly the console answers, with a province in its store."""
