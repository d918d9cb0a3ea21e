"""Spreads programs over worker processes: a crash or a hang takes one program with it, not the run."""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import multiprocessing.connection
import os
import re
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests.random_programs.compare import Gradient, Outcome, compare, compiled_gradient, plain_gradient
from tests.random_programs.generate import generate
from tests.random_programs.shrink import shrink

KINDS = ("ok", "refused", "unreliable", "invalid", "WRONG", "CRASH")
# A worker that has compiled this many programs is replaced: compiled code is never given back.
TASKS_PER_WORKER = 200
# Failures beyond this many are saved but no longer printed.
PRINTED = 30


@dataclass
class Worker:
    """A process that takes program texts and sends back outcomes."""

    process: Any
    pipe: Connection
    seed: int | None = None
    text: str = ""
    deadline: float = 0.0
    done: int = 0
    outcome: Outcome | None = None


def serve(pipe: Connection, plain: bool, shrink_seconds: float) -> None:
    """What a worker does: compare, then shrink what failed; each message is (final, outcome, text)."""
    with tempfile.TemporaryDirectory(prefix="srcgrad-random-") as folder:
        os.environ["SRCGRAD_CACHE_DIR"] = folder
        gradient = plain_gradient if plain else compiled_gradient
        while (text := pipe.recv()) is not None:
            outcome = compare(text, gradient)
            if outcome.failed and shrink_seconds > 0:
                pipe.send((False, outcome, text))
                text = smaller(text, outcome, gradient, shrink_seconds)
                outcome = compare(text, gradient)
            pipe.send((True, outcome, text))


def smaller(text: str, outcome: Outcome, gradient: Gradient, seconds: float) -> str:
    """The text shrunk, uncompiled for as long as that fails in the same way: it is a hundred times faster."""
    for way in dict.fromkeys((plain_gradient, gradient)):
        if compare(text, way).family == outcome.family:
            shrunk = shrink(text, lambda made, way=way: compare(made, way).family == outcome.family, seconds)  # type: ignore[misc]
            if way is gradient or compare(shrunk, gradient).family == outcome.family:
                text = shrunk
    return text


def start(options: argparse.Namespace) -> Worker:
    """A fresh worker."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, options.plain, options.shrink_seconds), daemon=True)
    process.start()
    theirs.close()
    return Worker(process, ours)


def stop(worker: Worker) -> None:
    """Ends a worker, by force if it is busy."""
    try:
        worker.pipe.send(None)
        worker.process.join(2.0)
    except (OSError, ValueError):
        pass
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()


class Run:
    """The programs of one call, spread over workers."""

    def __init__(self, options: argparse.Namespace, texts: list[tuple[int, str | None]]):
        self.options, self.waiting = options, texts[::-1]
        self.total, self.began = len(texts), time.monotonic()
        self.counts: collections.Counter[str] = collections.Counter()
        self.refusals: collections.Counter[str] = collections.Counter()
        self.changes = {name: 0.0 for name in options.off.split(",") if name} | {"size": options.size}

    def give(self, worker: Worker) -> None:
        """Hands the next program to a worker."""
        worker.seed, text = self.waiting.pop()
        worker.text = text or generate(worker.seed, self.options.level, self.changes)
        worker.outcome, worker.done = None, worker.done + 1
        worker.deadline = time.monotonic() + self.options.timeout
        worker.pipe.send(worker.text)

    def take(self, worker: Worker) -> bool:
        """Reads a worker's message; True if the worker must be replaced."""
        try:
            final, outcome, text = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            self.record(
                worker, worker.outcome or Outcome("CRASH", f"Exit {worker.process.exitcode}"), worker.text
            )
            return True
        if final:
            self.record(worker, outcome, text)
            return worker.done >= TASKS_PER_WORKER
        worker.outcome = outcome
        worker.deadline = time.monotonic() + self.options.shrink_seconds + self.options.timeout
        return False

    def record(self, worker: Worker, outcome: Outcome, text: str) -> None:
        """Counts an outcome, keeps a failing program."""
        self.counts[outcome.kind] += 1
        if outcome.kind == "refused":
            self.refusals[reason(outcome.detail)] += 1
        if outcome.failed:
            self.options.out.mkdir(parents=True, exist_ok=True)
            path = self.options.out / f"{outcome.kind.lower()}_{self.options.level}_{worker.seed}.py"
            note = "\n".join("# " + line for line in outcome.detail.splitlines())
            path.write_text(f"{text}\n\n{note}\n", encoding="utf-8")
            if self.counts["WRONG"] + self.counts["CRASH"] <= PRINTED:
                print(
                    f"\n{outcome.kind} seed {worker.seed}: {first_line(outcome.detail)}\n{text}  -> {path}",
                    flush=True,
                )
        worker.seed = None
        done = sum(self.counts.values())
        if done % 20 == 0 or done == self.total:
            rate = done / (time.monotonic() - self.began)
            print(f"\r{done}/{self.total}  {rate:.1f}/s  {summary(self.counts)}", end="", flush=True)

    def run(self) -> None:
        """Until every program is done."""
        workers = [start(self.options) for _ in range(min(self.options.jobs, self.total))]
        try:
            while self.waiting or any(worker.seed is not None for worker in workers):
                for worker in workers:
                    if worker.seed is None and self.waiting:
                        self.give(worker)
                busy = [worker for worker in workers if worker.seed is not None]
                ready = multiprocessing.connection.wait([worker.pipe for worker in busy], timeout=1.0)
                for worker in busy:
                    if self.take(worker) if worker.pipe in ready else self.overdue(worker):
                        stop(worker)
                        workers[workers.index(worker)] = start(self.options)
        finally:
            for worker in workers:
                stop(worker)

    def overdue(self, worker: Worker) -> bool:
        """Whether the worker hangs; what it had found is recorded then."""
        if time.monotonic() < worker.deadline:
            return False
        worker.process.kill()
        self.record(
            worker, worker.outcome or Outcome("CRASH", f"no end after {self.options.timeout} s"), worker.text
        )
        return True


def first_line(text: str) -> str:
    """The first line of a text, short."""
    return text.strip().splitlines()[0][:160] if text.strip() else ""


def reason(text: str) -> str:
    """What a refusal says, without place and names, so that equal ones are counted together."""
    said = [line for line in text.splitlines()[1:] if line[:1].strip()]
    return re.sub(r"'\w+'|^\w+(?= calls)", "...", said[0] if said else first_line(text))


def summary(counts: collections.Counter[str]) -> str:
    """The counts on one line."""
    return "  ".join(f"{kind} {counts[kind]}" for kind in KINDS if counts[kind])
