"""What happens to the watch when something dies under it."""
