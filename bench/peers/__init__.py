"""Other monitors over the same pages, in the same run: what a check costs them, and when they tell."""
