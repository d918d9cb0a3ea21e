"""The store: keys, the private folder, modules from disk and from memory, numba's cache, constants."""

import gc
import inspect
import linecache
import os
import pickle
import re
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest

from srcgrad import store

ROOT = Path(store.__file__).parents[1]
KEY = store.digest("neuron", "version 1")
TEXT = '''"""Gradient of neuron."""
import numpy as np

__all__ = ["neuron_grad"]


def neuron_grad(w, b):
    # one value, two partials
    out = np.tanh(w * 2.0 + b)
    return out, (2.0 * (1.0 - out**2), 1.0 - out**2)
'''
posix_only = pytest.mark.skipif(not hasattr(os, "getuid"), reason="owners and modes are POSIX's")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty cache folder of this test's own, and nothing left of it in the process afterwards."""
    home = tmp_path / "cache"
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(home))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(sys.modules["numba.core.config"], "CACHE_DIR", "")
    yield home
    store.clear_cache()


@pytest.fixture
def no_disk(monkeypatch):
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", os.path.join(__file__, "below", "a", "file"))


def forget():
    """What a new process would know: nothing."""
    for name in [name for name in sys.modules if name.startswith(store.PACKAGE + ".")]:
        del sys.modules[name]


def python(code, *args, **environment):
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, args)],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outputs(processes):
    results = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), results[0][1][-2000:]
    return [out.strip() for out, _ in results]


def names(home):
    return sorted(path.name for path in home.glob("*") if path.name != "__pycache__")


# keys


def test_digest_keeps_parts_apart():
    assert store.digest("ab", "c") != store.digest("a", "bc") != store.digest("abc")
    assert store.digest() != store.digest("")
    assert store.digest("1:a") != store.digest("a") != store.digest("1:", "a")
    assert store.digest("é") == store.digest("é".encode())
    assert re.fullmatch("[0-9a-f]{64}", store.digest("\ud800"))


def test_package_digest_follows_the_sources_and_does_not_import_sympy(tmp_path):
    code = (
        "import sys, importlib.util as u\n"
        "spec = u.spec_from_file_location('store', sys.argv[1]); m = u.module_from_spec(spec)\n"
        "sys.modules['store'] = m; spec.loader.exec_module(m)\n"
        "print(m.package_digest(), 'sympy' in sys.modules)"
    )
    package = tmp_path / "package"
    (package / "rules").mkdir(parents=True)
    (package / "store.py").write_bytes(Path(store.__file__).read_bytes())
    rule = package / "rules" / "one.py"
    rule.write_text("a = 1\n")
    status = rule.stat()
    first, again = outputs([python(code, package / "store.py") for _ in range(2)])
    rule.write_text("a = 2\n")
    os.utime(rule, ns=(status.st_atime_ns, status.st_mtime_ns))
    (edited,) = outputs([python(code, package / "store.py")])
    assert first == again != edited
    assert first.endswith(" False")
    assert store.package_digest() is store.package_digest()


# the folder


@posix_only
def test_folder_is_created_private(folder):
    old = os.umask(0)
    try:
        assert store.cache_dir() == folder
    finally:
        os.umask(old)
    assert [(path.stat().st_mode & 0o777) for path in (folder, folder / "__pycache__")] == [0o700, 0o700]
    assert store.why_no_disk() is None


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"HOME": "{}"}, ".cache/srcgrad"),
        ("linux", {"HOME": "{}", "XDG_CACHE_HOME": "{}/xdg"}, "xdg/srcgrad"),
        ("linux", {"HOME": "{}", "XDG_CACHE_HOME": "relative"}, ".cache/srcgrad"),
        ("darwin", {"HOME": "{}", "XDG_CACHE_HOME": "{}/xdg"}, "Library/Caches/srcgrad"),
        ("win32", {"LOCALAPPDATA": "{}"}, "srcgrad"),
        ("linux", {"HOME": "{}", "SRCGRAD_CACHE_DIR": "~/mine"}, "mine"),
        ("linux", {}, None),
        ("linux", {"HOME": "{}/missing"}, None),
        ("linux", {"HOME": "relative"}, None),
        ("win32", {"HOME": "{}"}, None),
    ],
)
def test_where_the_folder_is(platform, environment, expected, tmp_path, monkeypatch):
    for name in ("SRCGRAD_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    try:
        found, why = store.cache_dir(), store.why_no_disk()
    finally:
        monkeypatch.undo()
    assert found == (expected and tmp_path / expected)
    assert (why is None) == (expected is not None)
    assert not (tmp_path / "missing").exists()


@posix_only
@pytest.mark.parametrize("which", [".", "__pycache__"])
def test_folder_that_others_can_write_is_refused(folder, which):
    (folder / "__pycache__").mkdir(parents=True)
    for mode in (0o777, 0o770, 0o1777):
        (folder / which).chmod(mode)
        assert store.cache_dir() is None
        assert "chmod 700" in store.why_no_disk()
        module = store.publish("neuron", KEY, TEXT)
        assert not module.__srcgrad_cached__
        forget()
    (folder / which).chmod(0o755)
    assert store.cache_dir() == folder
    assert names(folder) == []


@posix_only
def test_folder_of_another_user_is_refused(folder, monkeypatch):
    store.publish("neuron", KEY, TEXT)
    forget()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert store.cache_dir() is None
    assert str(folder) in store.why_no_disk()
    assert store.lookup("neuron", KEY) is None
    assert store.publish("neuron", KEY, TEXT).neuron_grad(0.0, 0.0) == (0.0, (2.0, 1.0))


@posix_only
def test_file_of_another_user_or_linked_in_is_not_read(folder, tmp_path):
    module = store.publish("neuron", KEY, TEXT)
    file = Path(module.__file__)
    forget()
    file.chmod(0o666)
    assert store.lookup("neuron", KEY) is None
    elsewhere = tmp_path / "elsewhere.py"
    file.chmod(0o600)
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert store.lookup("neuron", KEY) is None
    assert store.publish("neuron", KEY, TEXT).__srcgrad_cached__
    assert not file.is_symlink()
    forget()
    file.unlink()
    os.mkfifo(file)
    assert store.lookup("neuron", KEY) is None
    assert store.publish("neuron", KEY, TEXT).__srcgrad_cached__


@posix_only
def test_link_to_a_private_folder_is_followed(folder, tmp_path, monkeypatch):
    real = tmp_path / "scratch"
    real.mkdir(mode=0o700)
    folder.symlink_to(real)
    assert store.cache_dir() == real
    assert store.publish("neuron", KEY, TEXT).__file__.startswith(str(real))
    real.chmod(0o777)
    assert store.cache_dir() is None
    real.chmod(0o700)
    stranger = os.stat_result((0o120777, 0, 0, 1, 12345, 0, 0, 0, 0, 0))
    lstat = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: stranger if path == folder else lstat(path))
    assert store.cache_dir() is None
    folder.unlink()
    folder.symlink_to(tmp_path / "dangling")
    assert store.cache_dir() is None


def test_read_only_folder(folder, monkeypatch):
    store.publish("neuron", KEY, TEXT)
    forget()
    # The superuser may write everywhere, so a mode alone would not make the folder read-only for a test.
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert store.cache_dir() is None
    assert "not writable" in store.why_no_disk()
    assert not store.publish("neuron", KEY, TEXT).__srcgrad_cached__


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="modes do not stop the superuser")
def test_read_only_folder_by_its_mode(folder):
    folder.mkdir(mode=0o500)
    assert store.cache_dir() is None
    folder.chmod(0o700)
    assert store.cache_dir() == folder


def test_full_disk(folder, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        module = store.publish("neuron", KEY, TEXT)
        stem = store.save_array(np.arange(3.0))
        assert not module.__srcgrad_cached__
        assert "No space left" in store.why_no_disk()
        assert store.load_array(stem).tolist() == [0.0, 1.0, 2.0]
    assert names(folder) == []
    forget()
    assert store.publish("neuron", KEY, TEXT).__srcgrad_cached__
    assert store.why_no_disk() is None


# modules


def test_publish_writes_a_module_that_can_be_read(folder):
    module = store.publish("neuron", KEY, TEXT)
    file = folder / f"neuron_{KEY[:20]}.py"
    assert module.__file__ == str(file)
    assert module.__srcgrad_cached__ is True
    assert module.__srcgrad_text__ == TEXT
    assert module.__name__ == f"srcgrad_generated.neuron_{KEY[:20]}"
    assert sys.modules[module.__name__] is module
    assert module.__doc__ == "Gradient of neuron."
    first, _, rest = file.read_text().partition("\n")
    assert re.fullmatch("# srcgrad [0-9a-f]{64}", first)
    assert rest == TEXT
    assert names(folder) == [file.name]
    if hasattr(os, "getuid"):
        assert file.stat().st_mode & 0o777 == 0o600


def test_same_request_is_imported_once(folder):
    module = store.publish("neuron", KEY, TEXT)
    assert store.publish("neuron", KEY, TEXT) is module
    assert store.lookup("neuron", KEY) is module
    assert store.publish("other", KEY, TEXT) is not module


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_getsource_tracebacks_and_pickling(where, request):
    if where == "memory":
        request.getfixturevalue("no_disk")
    text = "def fails(x):\n    '''Has a form feed \x0c and a \u2028 in it.'''\n    return 1 // x\n"
    module = store.publish("fails", KEY, text)
    assert inspect.getsource(module.fails) == text
    assert pickle.loads(pickle.dumps(module.fails)) is module.fails
    linecache.checkcache()
    with pytest.raises(ZeroDivisionError) as caught:
        module.fails(0)
    assert "    return 1 // x\n" in "".join(traceback.format_exception(caught.value))
    # Cleared away, the function lives on, and so do its tracebacks.
    store.clear_cache()
    linecache.checkcache()
    with pytest.raises(ZeroDivisionError) as caught:
        module.fails(0)
    assert "    return 1 // x\n" in "".join(traceback.format_exception(caught.value))


def test_without_disk(no_disk):
    assert store.cache_dir() is None
    assert store.why_no_disk()
    assert store.lookup("neuron", KEY) is None
    module = store.publish("neuron", KEY, TEXT)
    assert module.__srcgrad_cached__ is False
    assert module.__srcgrad_text__ == TEXT
    assert module.neuron_grad.__code__.co_filename == f"<srcgrad neuron_{KEY[:20]}>"
    assert store.publish("neuron", KEY, TEXT) is module
    assert store.lookup("neuron", KEY) is module
    compiled = store.guard(numba.njit(cache=module.__srcgrad_cached__)(module.neuron_grad))
    assert compiled(0.0, 0.0) == (0.0, (2.0, 1.0))
    assert store.clear_cache() == 0
    assert store.lookup("neuron", KEY) is None


@pytest.mark.parametrize("name", ["<lambda>", "../../etc/passwd", "größe", "a b", "", "x" * 500, "con.py\n"])
def test_any_name_makes_a_file_name(name, folder):
    module = store.publish(name, KEY, TEXT)
    assert Path(module.__file__).parent == folder
    assert re.fullmatch(r"[A-Za-z0-9_]{,60}_[0-9a-f]{20}\.py", Path(module.__file__).name)
    forget()
    assert store.lookup(name, KEY).__srcgrad_text__ == TEXT
    assert store.clear_cache() == 1
    assert names(folder) == []


@pytest.mark.parametrize("key", ["", "abc", "../" * 10, "G" * 20, KEY.upper()])
def test_keys_are_digests(key):
    with pytest.raises(ValueError, match="hexadecimal"):
        store.publish("neuron", key, TEXT)


def test_lookup_verifies(folder):
    file = Path(store.publish("neuron", KEY, TEXT).__file__)
    good = file.read_bytes()
    forget()
    assert store.lookup("neuron", KEY).__srcgrad_text__ == TEXT
    content_hash = good[len("# srcgrad ") :].split(b"\n")[0].decode()
    assert store.lookup("neuron", KEY, check=content_hash) is not None
    assert store.lookup("neuron", KEY, check="0" * 64) is None
    edited = good.replace(b"2.0", b"3.0", 1)
    for bad in (good[:-5], good + b"\n", b"", edited, TEXT.encode(), b"# srcgrad \n", b"\xff" + good):
        forget()
        file.write_bytes(bad)
        assert store.lookup("neuron", KEY) is None
        assert not any(name.startswith(store.PACKAGE + ".") for name in sys.modules)
        assert store.publish("neuron", KEY, TEXT).neuron_grad(0.0, 0.0) == (0.0, (2.0, 1.0))
        assert file.read_bytes() == good
    forget()
    assert store.lookup("neuron", store.digest("another key")) is None


def test_publish_replaces_a_file_with_another_text_and_what_numba_compiled_from_it(folder):
    other = TEXT.replace("2.0", "3.0")
    module = store.publish("neuron", KEY, other)
    assert numba.njit(cache=True)(module.neuron_grad)(0.0, 0.0) == (0.0, (3.0, 1.0))
    assert len(list((folder / "__pycache__").glob("*.nb*"))) == 2
    forget()
    module = store.publish("neuron", KEY, TEXT)
    assert list((folder / "__pycache__").glob("*.nb*")) == []
    assert numba.njit(cache=True)(module.neuron_grad)(0.0, 0.0) == (0.0, (2.0, 1.0))


def test_a_directory_in_the_place_of_the_file(folder):
    (folder / f"neuron_{KEY[:20]}.py").mkdir(parents=True)
    assert store.lookup("neuron", KEY) is None
    assert not store.publish("neuron", KEY, TEXT).__srcgrad_cached__
    assert names(folder) == [f"neuron_{KEY[:20]}.py"]


def test_a_removed_file_is_written_anew(folder):
    module = store.publish("neuron", KEY, TEXT)
    Path(module.__file__).unlink()
    assert store.lookup("neuron", KEY) is None
    again = store.publish("neuron", KEY, TEXT)
    assert again is not module
    assert Path(again.__file__).exists()


def test_changing_the_folder_leaves_the_former_one(folder, tmp_path, monkeypatch):
    module = store.publish("neuron", KEY, TEXT)
    monkeypatch.setenv("SRCGRAD_CACHE_DIR", str(tmp_path / "second"))
    assert store.lookup("neuron", KEY) is None
    assert store.publish("neuron", KEY, TEXT).__file__.startswith(str(tmp_path / "second"))
    assert Path(module.__file__).exists()


def test_text_that_fails_leaves_nothing_behind(folder):
    for text, error in (("def f(:\n", SyntaxError), ("1 / 0\n", ZeroDivisionError)):
        for _ in range(2):
            with pytest.raises(error):
                store.publish("broken", KEY, text)
            assert store.lookup("broken", KEY) is None
    assert store.publish("broken", KEY, TEXT).neuron_grad(0.0, 0.0) == (0.0, (2.0, 1.0))


def test_threads_import_once(folder):
    text = "import time\ntime.sleep(0.05)\nvalue = 1\n"
    gate = threading.Barrier(8)

    def work(_):
        gate.wait()
        return store.publish("slow", KEY, text)

    with ThreadPoolExecutor(8) as pool:
        modules = list(pool.map(work, range(8)))
    assert len(set(map(id, modules))) == 1
    assert all(module.value == 1 for module in modules)


def test_only_verified_files_can_be_imported_by_name(folder):
    module = store.publish("neuron", KEY, TEXT)
    (folder / "intruder.py").write_text("value = 1\n")
    forget()
    assert __import__(module.__name__, fromlist=["neuron_grad"]).neuron_grad(0.0, 0.0)[0] == 0.0
    with pytest.raises(ModuleNotFoundError):
        __import__("srcgrad_generated.intruder")


# numba's cache


def cached(module, name="neuron_grad"):
    return store.guard(numba.njit(cache=module.__srcgrad_cached__)(getattr(module, name)))


@pytest.mark.parametrize("variable", ["", "NUMBA_CACHE_DIR"])
def test_numba_caches_beside_the_file_or_where_it_is_told(variable, folder, tmp_path, monkeypatch):
    place = folder / "__pycache__"
    if variable:
        place = tmp_path / "numba"
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(place))
        monkeypatch.setattr(sys.modules["numba.core.config"], "CACHE_DIR", str(place))
    module = store.publish("neuron", KEY, TEXT)
    assert cached(module)(0.0, 0.0) == (0.0, (2.0, 1.0))
    assert len(list(place.rglob("*.nb*"))) == 2
    forget()
    again = cached(store.lookup("neuron", KEY))
    assert again(0.0, 0.0) == (0.0, (2.0, 1.0))
    assert sum(again.stats.cache_hits.values()) == 1
    # The module, numba's index and numba's machine code.
    assert store.clear_cache() == 3
    assert list(place.rglob("*.nb*")) == []


@pytest.mark.parametrize("damage", [b"", b"torn", None])
def test_damaged_numba_files_are_compiled_anew(damage, folder):
    module = store.publish("neuron", KEY, TEXT)
    for suffix in ("nbc", "nbi"):
        cached(module)(0.0, 0.0)
        (file,) = (folder / "__pycache__").glob(f"*.{suffix}")
        if damage is None:
            file.unlink()
        else:
            file.write_bytes(damage)
        again = cached(module)
        assert again(0.0, 0.0) == (0.0, (2.0, 1.0))
        assert not again.stats.cache_hits
        healed = cached(module)
        assert healed(0.0, 0.0) == (0.0, (2.0, 1.0))
        assert sum(healed.stats.cache_hits.values()) == 1


def test_full_disk_while_numba_saves(folder, monkeypatch):
    module = store.publish("neuron", KEY, TEXT)
    compiled = cached(module)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compiled._cache._cache_file, "_save_data", full)
    assert compiled(0.0, 0.0) == (0.0, (2.0, 1.0))


SUM = """def weighted(a):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            total += a[i, j] * (10 * i + j)
    return total
"""


def test_signatures_saved_at_once_do_not_get_each_others_code(folder):
    # The interleaving that breaks numba alone, step by step: both read an empty index, the second one's
    # index stays, and the first one's machine code is written last.
    module = store.publish("weighted", KEY, SUM)
    c_order = np.arange(12.0).reshape(3, 4)
    f_order = np.asfortranarray(c_order)
    first, second = cached(module, "weighted"), cached(module, "weighted")
    file = first._cache._cache_file
    save_data, late = file._save_data, []
    file._save_data = lambda *args: late.append(args)
    load_index, file._load_index = file._load_index, dict
    second._cache._cache_file._load_index = dict
    expected = module.weighted(c_order)
    assert first(c_order) == expected
    assert second(f_order) == expected
    assert len(late) == 1
    save_data(*late[0])
    assert len(load_index()) == 1
    for array in (c_order, f_order):
        again = cached(module, "weighted")
        assert again(array) == expected
    assert sum(again.stats.cache_hits.values()) == 1


# processes

WORK = """
import sys, time
import numba, numpy as np
from srcgrad import store
turn, start, key, text = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]
a = np.arange(12.0).reshape(3, 4)
a = (a, np.asfortranarray(a), np.repeat(a, 2, axis=0)[::2], a.astype("f4"), a.astype("i8"))[turn % 5]
time.sleep(max(0.0, start - time.time()))
module = store.publish("weighted", key, text)
compiled = store.guard(numba.njit(cache=module.__srcgrad_cached__)(module.weighted))
array = store.load_array(store.save_array(np.arange(5000.0)))
print(float(compiled(a)), module.__srcgrad_cached__, array.sum())
"""


@pytest.mark.long
def test_ten_processes_at_once(folder):
    start = time.time() + 2.5 + 0.5 * 10 / (os.cpu_count() or 1)
    processes = [python(WORK, turn, start, KEY, SUM) for turn in range(10)]
    assert set(outputs(processes)) == {"1094.0 True 12497500.0"}
    source, constant = f"weighted_{KEY[:20]}.py", store.save_array(np.arange(5000.0)) + ".npy"
    assert names(folder) == sorted([source, constant])
    assert list((folder / "__pycache__").glob("*.tmp*")) == []
    # Whatever is in the cache now is right for whoever reads it.
    assert set(outputs([python(WORK, turn, 0, KEY, SUM) for turn in range(2)])) == {"1094.0 True 12497500.0"}
    module = store.lookup("weighted", KEY)
    c_order = np.arange(12.0).reshape(3, 4)
    for array in (c_order, np.asfortranarray(c_order), c_order.astype(np.float32)):
        assert cached(module, "weighted")(array) == 1094.0


# constants


@pytest.mark.parametrize("where", ["disk", "memory"])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(12.0).reshape(3, 4)[::2, ::-1],
        np.array(2.5),
        np.zeros((0, 3)),
        np.array([0.0, -0.0, np.nan, np.inf]),
        np.array([True, False]),
        np.array([1, 2], dtype=">i4"),
        np.arange(3, dtype=np.complex64),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_constants_come_back(array, where, request, folder):
    if where == "memory":
        request.getfixturevalue("no_disk")
    stem = store.save_array(array)
    back = store.load_array(stem)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()
    assert back.flags.f_contiguous >= array.flags.f_contiguous
    assert not back.flags.writeable
    assert store.save_array(back) == stem
    assert folder.exists() == (where == "disk")
    store.clear_cache()
    with pytest.raises(FileNotFoundError):
        store.load_array(stem)


def test_constants_are_named_by_all_of_their_content():
    zero, negative = np.array([0.0]), np.array([-0.0])
    arrays = [zero, negative, zero.astype(np.float32), zero.reshape(1, 1), np.zeros(2), zero.view(np.int64)]
    assert len({store.save_array(array) for array in arrays}) == len(arrays)


def test_a_saved_constant_does_not_follow_its_array(no_disk):
    array = np.zeros(3)
    stem = store.save_array(array)
    array[:] = 1.0
    assert store.load_array(stem).tolist() == [0.0, 0.0, 0.0]


def test_damaged_constant_is_refused_and_replaced(folder):
    array = np.arange(100.0)
    stem = store.save_array(array)
    file = folder / f"{stem}.npy"
    good = file.read_bytes()
    text = f"from srcgrad.store import load_array\nC = load_array({stem!r})\n"
    store.publish("captured", KEY, text)
    for bad in (good[:-8], good[:-1] + b"x", b""):
        file.write_bytes(bad)
        with pytest.raises(FileNotFoundError, match="damaged"):
            store.load_array(stem)
        forget()
        assert store.lookup("captured", KEY) is None
        assert store.save_array(array) == stem
        assert store.lookup("captured", KEY).C.tolist() == array.tolist()
    for stem in ("../secret", "constant_" + "0" * 64, "constant_x"):
        with pytest.raises(FileNotFoundError):
            store.load_array(stem)


@pytest.mark.parametrize("array", [np.array([None]), np.ma.array([1.0]), [1.0], np.zeros(1).view(np.memmap)])
def test_what_is_not_a_plain_array_is_refused(array, folder):
    with pytest.raises(TypeError, match="plain NumPy array"):
        store.save_array(array)


# clearing


def test_clear_cache_removes_ours_and_nothing_else(folder):
    module = store.publish("neuron", KEY, TEXT)
    cached(module)(0.0, 0.0)
    store.save_array(np.arange(3.0))
    (folder / ".srcgrad-left0ver.tmp").write_text("torn")
    kept = ["mine.py", "data.npy", "notes.txt", f"neuron_{KEY[:20]}.txt", f"x-{KEY[:20]}.py", "constant_.npy"]
    kept += ["__pycache__/mine.f-1.py311.nbi", "__pycache__/mine.cpython-311.pyc", "__pycache__/a.f-1.nbc"]
    for name in kept:
        (folder / name).write_text("mine")
    (folder / "sub").mkdir()
    (folder / "sub" / f"neuron_{KEY[:20]}.py").write_text("mine")
    assert store.clear_cache() == 5
    assert store.clear_cache() == 0
    left = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert left == sorted([*kept, f"sub/neuron_{KEY[:20]}.py"])
    assert store.lookup("neuron", KEY) is None
    assert module.neuron_grad(0.0, 0.0) == (0.0, (2.0, 1.0))
    again = store.publish("neuron", KEY, TEXT)
    assert again is not module
    assert cached(again)(0.0, 0.0) == (0.0, (2.0, 1.0))


def test_a_compiled_function_survives_clearing(folder):
    compiled = cached(store.publish("neuron", KEY, TEXT))
    compiled(0.0, 0.0)
    store.clear_cache()
    gc.collect()
    assert compiled(np.float32(0.0), 0.0) == (0.0, (2.0, 1.0))
    store.clear_cache()
    assert names(folder) == []
