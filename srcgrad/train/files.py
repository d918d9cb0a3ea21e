"""Checkpoint files: structures of numbers and arrays, with notes, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .. import tree


def save_checkpoint(path, values, notes=None) -> None:
    """Return nothing; write a structure to a file, in NumPy's npz format.

    Parameters
    ----------
    path : str or Path
        The file; taken as it is, without an ending put to it.
    values : structure
        Numbers and arrays, in tuples, namedtuples, lists, dicts and dataclasses.
    notes : optional
        Whatever json can write: the epoch, the history, the state of a generator.

    Notes
    -----
    Written under another name in the same folder and then renamed: a reader, or a process that goes on after a crash,
    finds the old file or the new one, never a part.
    """
    path = Path(path)
    structure = tree.structure_of(values)
    arrays: dict[str, Any] = {f"leaf{k}": np.asarray(a) for k, a in enumerate(tree.leaves(structure, values))}
    if any(a.dtype.hasobject for a in arrays.values()):
        raise TypeError("a checkpoint holds numbers and arrays of numbers only")
    about = json.dumps({"structure": tree.describe(structure), "notes": notes})
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez(file, about=np.array(about), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load_checkpoint(path, like):
    """Return (values, notes) from a file that `save_checkpoint` wrote, to the last bit.

    Parameters
    ----------
    path : str or Path
    like : structure
        The values come in its structure; its numbers and arrays say what types and shapes they have.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no checkpoint, or one of another structure, or of arrays of another shape or dtype.
    """
    structure = tree.structure_of(like)
    held, notes, arrays = _read(path)
    if held != tree.describe(structure):
        raise ValueError(f"{path} holds {held}, not {tree.describe(structure)}")
    wanted = tree.leaves(structure, like)
    leaves = [_like(a, leaf, f"{path}: leaf {k}") for k, (a, leaf) in enumerate(zip(arrays, wanted, strict=True))]
    return tree.unflatten(structure, iter(leaves)), notes


def _read(path) -> tuple:
    """Return the structure that a checkpoint says it has, the notes, and the arrays of its leaves."""
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as found:
            about = json.loads(str(found["about"]))
            arrays = [found[f"leaf{k}"] for k in range(len(found.files) - 1)]
            return about["structure"], about["notes"], arrays
    except (OSError, MemoryError):
        raise
    except Exception as error:  # what is raised depends on what the file is instead, and where it is cut off
        raise ValueError(f"{path} is no checkpoint, or a damaged one: give a file of save_checkpoint") from error


def _like(array: np.ndarray, leaf, place: str):
    """Return what was saved as the type of the leaf that it stands for."""
    wanted = np.asarray(leaf)
    if array.shape != wanted.shape or array.dtype != wanted.dtype:
        raise ValueError(f"{place} is {array.dtype} of shape {array.shape}, not {wanted.dtype} of shape {wanted.shape}")
    if isinstance(leaf, np.ndarray):
        return array
    return array[()] if isinstance(leaf, np.generic) else type(leaf)(array[()])


def generator_state(rng: np.random.Generator):
    """Return the state of a generator as json can write it."""
    return _plain(rng.bit_generator.state)


def restore_generator(rng: np.random.Generator, state) -> None:
    """Return nothing; bring a generator of the same kind to a state that `generator_state` gave."""
    rng.bit_generator.state = state


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
