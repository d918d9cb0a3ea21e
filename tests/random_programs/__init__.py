"""Whole random functions: generated, differentiated, compared with differences, shrunk when they fail."""
