"""Kernels under JAX: value and gradient under jit, float64 on one thread."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any


def compiled(
    kernels: Mapping[str, Callable[..., Any]], name: str, args: tuple[Any, ...], argnums: tuple[int, ...]
) -> Callable[[], Any] | None:
    """A call of the kernel's value and gradient; None where JAX is absent or the kernel is not written for it."""
    if importlib.util.find_spec("jax") is None or name not in kernels:
        return None
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platforms", "cpu")
    static = tuple(k for k, a in enumerate(args) if isinstance(a, int))
    function = jax.jit(jax.value_and_grad(kernels[name], argnums=argnums), static_argnums=static)
    given = [a if k in static else jax.numpy.asarray(a) for k, a in enumerate(args)]
    return lambda: jax.block_until_ready(function(*given))
