"""How many directions are taken at once, and what a direction costs beside a row of a Jacobian."""

# the tangents of a number along as many directions fit into the frame of a function
WIDTH = 16
# a row by the reverse of a function takes as long as so many columns along directions taken at once
FEWER = 8
