"""Where generated modules live: verified files in a private folder, or this process's memory.

An importable cache is a target for code injection, so nothing in the folder is trusted for being there: the
folder must be ours alone, and a file is read once, checked, and compiled from the bytes that were checked.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.abc
import importlib.metadata
import io
import linecache
import os
import re
import stat
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

PACKAGE = "srcgrad_generated"
_STEM = r"\w*_[0-9a-f]{20}"
_CONSTANT = r"constant_[0-9a-f]{64}"
_NOTE = r"note_[0-9a-f]{64}"
_OURS = re.compile(rf"{_STEM}\.py|{_CONSTANT}\.npy|{_NOTE}\.json|\.srcgrad-\w+\.tmp", re.ASCII)
_waiting: dict[str, _Loader] = {}
_arrays: dict[str, bytes] = {}
_failure: list[str] = []


def digest(*parts: str | bytes) -> str:
    """SHA-256 of the parts in hex; each goes in with its length, so that ("ab", "c") is not ("a", "bc")."""
    data = [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]
    return hashlib.sha256(b"".join(b"%d:%b" % (len(part), part) for part in data)).hexdigest()


# Hashed at import: hashed later, an edited file would be named while the old code is what runs.
_FILES = sorted(file for file in Path(__file__).parent.rglob("*.py") if file.is_file())
_SOURCES = digest(*(part for file in _FILES for part in (file.name, file.read_bytes())))


@cache
def package_digest() -> str:
    """Digest of srcgrad's sources and of the versions of Python, numba, NumPy and sympy (not imported)."""
    import numba

    versions = numba.__version__, np.__version__, importlib.metadata.version("sympy")
    return digest(_SOURCES, "{}.{}".format(*sys.version_info), *versions)


def cache_dir() -> Path | None:
    """The private folder of the generated files, created if need be; None where there is none to trust.

    `SRCGRAD_CACHE_DIR`, or else the user's cache folder. Examined at each call (0.05 ms), so that a
    folder that changes hands while the process runs is noticed.
    """
    return _examine()[0]


def why_no_disk() -> str | None:
    """Why generated modules are kept in memory only; None where the disk is in use."""
    return _examine()[1] or (_failure[0] if _failure else None)


def _wanted() -> Path:
    chosen, xdg = os.environ.get("SRCGRAD_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME", "")
    if chosen:
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    if os.path.isabs(xdg) and sys.platform not in ("darwin", "win32"):
        return Path(xdg, "srcgrad")
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "HOME"
    home = os.environ.get(variable, "")
    if not os.path.isabs(home) or not os.path.isdir(home):
        raise FileNotFoundError(f"no folder to keep files in ({variable} is {home!r})")
    return Path(home, {"win32": "", "darwin": "Library/Caches"}.get(sys.platform, ".cache"), "srcgrad")


def _examine() -> tuple[Path | None, str]:
    try:
        path = _wanted()
        # numba keeps what it pickles in __pycache__: code as well, so it has to pass the same examination.
        for folder in (path, path / "__pycache__"):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if _foreign(os.stat(folder)) or (os.path.islink(folder) and _foreign(os.lstat(folder), 0)):
                raise PermissionError(f"{folder} can be changed by other users (chmod 700 makes it private)")
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(f"{folder} is not writable")
        return (path.resolve() if path.is_symlink() else path), ""
    except OSError as error:
        return None, str(error)


def _foreign(status: os.stat_result, others: int = stat.S_IWGRP | stat.S_IWOTH) -> bool:
    return hasattr(os, "getuid") and (status.st_uid != os.getuid() or bool(status.st_mode & others))


def _read(path: Path) -> bytes | None:
    """The bytes of a regular file that is ours alone, or None."""
    flags = os.O_RDONLY
    for extra in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"):  # a pipe there must not block us
        flags |= getattr(os, extra, 0)
    try:
        with open(os.open(path, flags), "rb") as file:
            status = os.fstat(file.fileno())
            return file.read() if stat.S_ISREG(status.st_mode) and not _foreign(status) else None
    except OSError:
        return None


def _write(path: Path, data: bytes) -> bool:
    """Whether a file with this content stands there now; no reader ever sees a part of it."""
    if _read(path) == data:
        return True
    try:
        handle, temporary = tempfile.mkstemp(prefix=".srcgrad-", suffix=".tmp", dir=path.parent)
        try:
            with open(handle, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
            _failure.clear()
        finally:
            _remove([temporary])  # nothing left to remove if all went well
    except OSError as error:
        _failure[:] = [str(error)]
    return _read(path) == data  # even after a failure: another process may have made the same file


def _remove(paths: list[Any]) -> int:
    removed = 0
    for path in paths:
        with contextlib.suppress(OSError):
            os.unlink(path)
            removed += 1
    return removed


def _numba_files(home: Path, stem: str = _STEM) -> list[Path]:
    pattern = re.compile(rf"{stem}\..+\.nb[ic](\.tmp\.[0-9a-f]+)?", re.ASCII)
    elsewhere = getattr(sys.modules.get("numba.core.config"), "CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR"))
    folders = [home / "__pycache__", *(Path(elsewhere).glob("*_*") if elsewhere else ())]
    return [file for folder in folders for file in folder.glob("*.nb*") if pattern.fullmatch(file.name)]


class _Loader(importlib.abc.Loader):
    """Runs the text that was verified; the file is not read a second time."""

    def __init__(self, content: str, file: str, cached: bool) -> None:
        self.content, self.file, self.cached = content, file, cached

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(__srcgrad_cached__=self.cached, __srcgrad_text__=self.content.split("\n", 1)[1])
        if self.cached:
            module.__file__ = self.file
        # No modification time: linecache keeps the lines even when there is no file, or no longer.
        lines = io.StringIO(self.content).readlines()
        linecache.cache[self.file] = (len(self.content), None, lines, self.file)
        exec(compile(self.content, self.file, "exec", dont_inherit=True), vars(module))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds verified files only.

    A finder, not a plain import from a path: numba may pickle what it caches by the name of its module.
    """

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        package, _, stem = fullname.rpartition(".")
        if package != PACKAGE:
            return None
        loader, home = _waiting.pop(stem, None), cache_dir()
        if loader is None and home is not None:
            first, _, rest = (_read(home / f"{stem}.py") or b"").partition(b"\n")
            if first == f"# srcgrad {hashlib.sha256(rest).hexdigest()}".encode():
                loader = _Loader((first + b"\n" + rest).decode(), str(home / f"{stem}.py"), cached=True)
        return ModuleSpec(fullname, loader, origin=loader.file) if loader else None


sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE, "Modules that srcgrad generated.")).__path__ = []
sys.meta_path.append(_Finder())
# numba says so of generated lines, of arrays as the caller has them
warnings.filterwarnings("ignore", r".* is faster on contiguous arrays", module=rf".*\b{_STEM}$")


def publish(name: str, key: str, text: str) -> ModuleType:
    """The module with this text, imported from `<cache_dir>/<name>_<key[:20]>.py`, or from memory.

    The key is a hexadecimal digest of everything that the text depends on. The text starts on line 2, below
    the line with its hash. The module has `__srcgrad_cached__` (a real file is there, so numba can cache its
    functions) and `__srcgrad_text__`. The same name and key are imported once in a process.
    """
    stem, file = _locate(name, key)
    if f"{PACKAGE}.{stem}" not in sys.modules:
        content = f"# srcgrad {hashlib.sha256(text.encode()).hexdigest()}\n{text}"
        if file and os.path.lexists(file) and _read(file) != content.encode():
            _remove(_numba_files(file.parent, stem))  # compiled from something else
        cached = bool(file and _write(file, content.encode()))
        _waiting[stem] = _Loader(content, str(file) if cached else f"<srcgrad {stem}>", cached)
    return importlib.import_module(f"{PACKAGE}.{stem}")


def lookup(name: str, key: str, check: str | None = None) -> ModuleType | None:
    """The module published under this name and key, by this process or another one; None if there is none.

    A file counts if its first line holds the hash of the rest (which is `check`, where given) and it can be
    imported. After None, generating it again replaces it, or shows what is wrong with it.
    """
    stem, _ = _locate(name, key)
    try:
        module = importlib.import_module(f"{PACKAGE}.{stem}")
    except Exception:
        return None
    found = hashlib.sha256(module.__srcgrad_text__.encode()).hexdigest()
    return module if check in (None, found) else None


def _locate(name: str, key: str) -> tuple[str, Path | None]:
    if not re.fullmatch(r"[0-9a-f]{20,}", key):
        raise ValueError(f"a key is at least 20 hexadecimal digits, not {key!r}")
    stem, home = f"{re.sub(r'[^A-Za-z0-9_]', '_', name)[:60]}_{key[:20]}", cache_dir()
    file = home / f"{stem}.py" if home else None
    known = getattr(sys.modules.get(f"{PACKAGE}.{stem}"), "__file__", None)
    if known and (known != str(file) or not os.path.exists(known)):
        # A module whose file is gone, or lies in a former folder, has no place for numba's cache.
        sys.modules.pop(f"{PACKAGE}.{stem}", None)
        _waiting.pop(stem, None)
    return stem, file


def guard(dispatcher: Any, may_save: Callable[[], bool] = lambda: True) -> Any:
    """The same dispatcher of a published function, its disk cache made safe for many processes.

    What it compiles is saved where `may_save()` says so by then.

    Two processes that save different signatures of one function at once can give both data files the same
    name; the index then names machine code for another memory layout, for good. Names of our own prevent it.
    A cache file that cannot be loaded is compiled anew; a full disk costs the cache entry, not the call.
    """
    cache = getattr(dispatcher, "_cache", None)
    if cache is None or cache.cache_path is None:
        return dispatcher
    file, load, save = Path(dispatcher.py_func.__code__.co_filename), cache.load_overload, cache.save_overload

    def load_overload(signature: Any, target: Any) -> Any:
        try:
            return load(signature, target)
        except Exception:
            _remove(_numba_files(file.parent, file.stem))
            return None

    def save_overload(signature: Any, data: Any) -> None:
        with contextlib.suppress(OSError):
            if may_save():
                save(signature, data)

    names = cache._cache_file
    names._data_name_pattern = names._data_name_pattern.replace(".{number", f".{uuid.uuid4().hex}.{{number")
    cache.load_overload, cache.save_overload = load_overload, save_overload
    return dispatcher


def save_array(array: np.ndarray) -> str:
    """The stem under which `load_array` gives this array back: its content hash. For large constants."""
    if type(array) is not np.ndarray or array.dtype.hasobject:
        raise TypeError(f"only a plain NumPy array of numbers can be stored, not a {type(array).__name__}")
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    data, home = buffer.getvalue(), cache_dir()
    stem = f"constant_{hashlib.sha256(data).hexdigest()}"
    if home is None or not _write(home / f"{stem}.npy", data):
        _arrays[stem] = data
    return stem


def load_array(file_stem: str) -> np.ndarray:
    """The array that `save_array` stored, read-only. Raises FileNotFoundError if it is missing or damaged."""
    data, home = _arrays.get(file_stem), cache_dir()
    if home and not data and re.fullmatch(_CONSTANT, file_stem):
        data = _read(home / f"{file_stem}.npy")
    if data is None or f"constant_{hashlib.sha256(data).hexdigest()}" != file_stem:
        raise FileNotFoundError(f"the stored constant {file_stem} is missing or damaged")
    array: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
    array.flags.writeable = False
    return array


def save_note(key: str, text: str) -> None:
    """Keep a text for later processes under a digest, where there is a disk to trust."""
    if home := cache_dir():
        _write(home / f"note_{key}.json", text.encode())


def load_note(key: str) -> str | None:
    """The text that `save_note` kept, or None."""
    home = cache_dir()
    data = _read(home / f"note_{key}.json") if home else None
    return None if data is None else data.decode("utf-8", "replace")


def clear_cache() -> int:
    """How many files were removed: generated modules, stored constants, and what numba compiled from them.

    Other files in the folder stay. Functions that exist already keep working; the next request starts afresh.
    """
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.")]:
        vars(sys.modules[PACKAGE]).pop(name.rpartition(".")[2], None)
        sys.modules.pop(name, None)
    _arrays.clear()
    _waiting.clear()
    home = cache_dir()
    generated = [file for file in home.glob("*") if _OURS.fullmatch(file.name)] if home else []
    return _remove(generated + _numba_files(home)) if home else 0
