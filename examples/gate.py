"""The lecture's worked example: (x + y) * max(y, z) at (1, 2, 0) is 6 and has the gradient (2, 5, 0)."""
import argparse

import srcgrad as sg


@sg.differentiable
def gate(x, y, z):
    """Return (x + y) * max(y, z)."""
    a = x + y
    b = max(y, z)
    return a * b


def main():
    """Print the values on the graph, the gradient, and the source of both functions; draw the graph."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--picture", metavar="FILE", help="draw the graph: a file .svg, .html, .dot or .mmd")
    options = parser.parse_args()

    x, y, z = point = (1.0, 2.0, 0.0)
    gate_grad = sg.grad(gate, argnums=("x", "y", "z"))
    dx, dy, dz = gate_grad(*point)

    print(f"x = {x:g}, y = {y:g}, z = {z:g}")
    print(f"a = x + y = {x + y:g}, b = max(y, z) = {max(y, z):g}, f = a * b = {gate(*point):g}")
    print(f"df/dx = {dx:g}, df/dy = {dy:g}, df/dz = {dz:g}")
    print("y reaches f through a and through b: its two contributions, 2 and 3, add up to 5.")

    graph = sg.graph(gate, *point)
    print(f"\n{graph}")
    if options.picture:
        print(f"drawn in {graph.save(options.picture)}")

    print("\n# ---- primal ----\n")
    print(sg.source(gate, *point))
    print("\n# ---- adjoint ----\n")
    print(sg.source(gate_grad))


if __name__ == "__main__":
    main()
