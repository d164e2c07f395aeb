"""Telling people: what a message says, and one module for each channel that carries it."""
