"""From a program without derivatives to its tangent or its adjoint."""
