"""One logistic neuron with a squared loss and an L2 penalty; its gradient against the formula on paper."""
import numpy as np

import srcgrad as sg


@sg.differentiable
def neuron(w, b, x, y, lam):
    """Return (y - u)**2 / 2 + lam * w**2, where u is the logistic function of w * x + b."""
    u = 1.0 / (1.0 + np.exp(-(w * x + b)))
    return 0.5 * (y - u) ** 2 + lam * w**2


def by_hand(w, b, x, y, lam):
    """Return dL/dw and dL/db as derived on paper."""
    u = 1.0 / (1.0 + np.exp(-(w * x + b)))
    delta = (u - y) * u * (1.0 - u)
    return delta * x + 2.0 * lam * w, delta


def main():
    """Print loss and gradient, check them, and show the adjoint."""
    arguments = dict(w=0.5, b=-1.0, x=2.0, y=1.0, lam=0.1)
    values = tuple(arguments.values())
    value_and_grad = sg.value_and_grad(neuron, argnums=("w", "b"))
    loss, (dw, db) = value_and_grad(*values)
    dw_paper, db_paper = by_hand(*values)

    print(", ".join(f"{name} = {value:g}" for name, value in arguments.items()))
    print(f"L = {loss:g}")
    print(f"dL/dw = {dw:g}   on paper {dw_paper:g}")
    print(f"dL/db = {db:g}   on paper {db_paper:g}")
    sg.check_grads(neuron, values)
    print("two-sided differences agree")

    print("\n# ---- value and adjoint ----\n")
    print(sg.source(value_and_grad))


if __name__ == "__main__":
    main()
