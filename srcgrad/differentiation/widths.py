"""How many directions are taken at once, what one costs beside a row of a Jacobian, in how many parts batches go."""

# the tangents of a number along as many directions fit into the frame of a function
WIDTH = 16
# numbers that a processor takes at once
LANES = 4
# a row by the reverse of a function takes as long as so many columns along directions taken at once
FEWER = 8
# the same of a function without loops, whose reverse stands inside the loop over rows
FEWER_LINES = 2
# a batch on several cores is cut into so many parts, or, where each of them has sums of its own, into fewer: whatever
# the number of cores, so that sums have the same bits on any
PARTS, SUMMED_PARTS = 256, 32
