"""Programs that other differentiation systems get silently wrong, with their true gradients."""

from tests.corpus.others_get_wrong import accumulations, buffers, constants, jumps, overwrites, zeros

CASES = [
    case
    for theme in (accumulations, buffers, constants, jumps, overwrites, zeros)
    for case in theme.CASES
]
