"""Computation graphs: what a function does, drawn."""
from .graph import Graph, graph

