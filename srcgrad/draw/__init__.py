"""Computation graphs: what a function does, drawn and evaluated."""
