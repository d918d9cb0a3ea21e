"""README and docs: their Python runs, their links lead somewhere, and CI runs the README's commands."""

import ast
import functools
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import srcgrad as sg
from srcgrad import train

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS]
# pages on which every block of text, and of generated source, is printed by the Python above it
SHOWN = ("README.md", "docs/graphs.md", "docs/limitations.md", "docs/quickstart.md", "docs/tutorial.md")
COMPILED = ("README.md", "graphs.md")  # the others run as plain Python, without the seconds of compiling


def blocks(page, language):
    """Return the fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@functools.cache
def run_python(page, folder):
    """Return what the page's Python blocks print, run one after the other as one file in a folder."""
    script = folder / f"{page.stem.replace('-', '_')}.py"
    script.write_text("\n\n".join(blocks(page, "python")), "utf-8")
    plain = {} if page.name in COMPILED else {"NUMBA_DISABLE_JIT": "1"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **plain}
    done = subprocess.run([sys.executable, script.name], cwd=folder, env=environment, capture_output=True, text=True,
                          encoding="utf-8", timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("docs")


def test_readme_prints_the_gradient_it_states(folder):
    first_line = run_python(ROOT / "README.md", folder).splitlines()[0]
    stated = re.search(r"gate_grad\(.*\)\)  # (.*)", (ROOT / "README.md").read_text("utf-8"))[1]
    assert ast.literal_eval(first_line) == pytest.approx(ast.literal_eval(stated), rel=1e-12)


@pytest.mark.parametrize("page", [p for p in DOCS if blocks(p, "python")], ids=lambda p: p.name)
def test_python_in_docs_runs(page, folder):
    run_python(page, folder)


def renewed(block, printed):
    """Return the part of what was printed that a block shows: from a line like its first to one like its last."""
    alike = [re.sub(r"\d+", "0", line).split() for line in printed.splitlines()]
    first, *_, last = [re.sub(r"\d+", "0", line).split() for line in block.splitlines()] * 2
    begin = alike.index(first)
    end = alike.index(last, begin)
    return "\n".join(printed.splitlines()[begin : end + 1]) + "\n"


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_page_shows_is_what_it_prints(name, folder, update_goldens):
    page = ROOT / name
    printed = run_python(page, folder)
    shown = blocks(page, "(?:text|py)")
    assert shown
    for block in shown:
        if update_goldens and block.rstrip() not in printed:
            page.write_text(page.read_text("utf-8").replace(block, renewed(block, printed)), "utf-8")
        else:
            assert block.rstrip() in printed, "--update-goldens writes it anew"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", text):
        file, _, heading = re.sub(r"\s", "", target).partition("#")
        linked = (page.parent / file) if file else page
        assert linked.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
            assert heading in anchors, target


def test_the_table_of_the_readme_is_that_of_the_page_on_speed():
    rows = re.findall(r"^\| `.* \d+(?:\.\d+)? [nu]s \|.*$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) >= 5
    assert all(row in (ROOT / "docs" / "speed.md").read_text("utf-8") for row in rows)


def test_the_reference_names_all_that_is_public():
    for page, module, names in (("api.md", "srcgrad", sg.__all__), ("train.md", "srcgrad.train", train.__all__)):
        text = (ROOT / "docs" / page).read_text("utf-8")
        listed = re.findall(rf"^\.\. auto\w+:: {module}\.([\w.]+)$", text, re.MULTILINE)
        aliases = {"sigmoid"}  # another name of logistic
        modules = {name for name in names if inspect.ismodule(getattr(sg, name, None))}
        submodules = {f"{name}.{own}" for name in modules for own in getattr(sg, name).__all__}
        assert (set(names) - aliases - modules) | submodules <= set(listed)
        assert len(listed) == len(set(listed))


@pytest.mark.long
def test_site_builds_without_a_warning(tmp_path):
    for name in ("sphinx", "furo", "myst_parser", "numpydoc"):
        pytest.importorskip(name)
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(ROOT / "docs"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    for page in DOCS:
        assert (tmp_path / f"{page.stem}.html").exists()
    links = re.findall(r'class="reference internal" href="([\w-]+)\.html', (tmp_path / "index.html").read_text("utf-8"))
    assert {page.stem for page in DOCS} - {"index"} <= set(links), "every page stands in the navigation"


def test_readme_has_the_two_commands_and_ci_runs_the_second():
    train, check, *_ = blocks(ROOT / "README.md", "sh")
    for command in (train, check):
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install -e ")
    assert "examples/train_mlp.py" in train
    assert "-m pytest" in check
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "README.md" in script
    assert "block == 2" in script
