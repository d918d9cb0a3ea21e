"""Ordinary numeric functions, as people write them: a theme a file, each with a list CASES."""
