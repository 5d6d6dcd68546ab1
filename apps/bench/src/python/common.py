"""The protocol of child.ts: warm up, say so, then a turn for each line on stdin."""

import gc
import hashlib
import json
import sys
import time


class Timer:
    def __init__(self):
        self.begin()
        self.used = None
        self.passed = None

    def begin(self):
        self.cpu = time.process_time()
        self.wall = time.perf_counter()

    def end(self):
        self.used = time.process_time() - self.cpu
        self.passed = time.perf_counter() - self.wall


def run(work, n):
    timer = Timer()
    traced = work(n, timer)
    if timer.used is None:
        timer.end()
    result = {"cpuUs": timer.used * 1e6 / n, "wallUs": timer.passed * 1e6 / n}
    if traced is not None:
        result["bytes"] = traced / n
    return result


def turn(work, n, mode):
    """As in child.ts: an untimed run first, unless a run is longer than a second."""
    if mode == "collect":
        gc.collect()
        return run(work, n)
    begun = time.perf_counter()
    first = run(work, n)
    long = time.perf_counter() - begun > 1
    return first if long or "bytes" in first else run(work, n)


def hashed():
    """As fixtures/hash.ts does, in another thread."""
    return hashlib.sha256(b"a small call").hexdigest()


def say(message):
    print(json.dumps(message), flush=True)


def main(works):
    work = works[sys.argv[1]]
    n = int(sys.argv[2])
    mode = sys.argv[3] if len(sys.argv) > 3 else ""
    try:
        begun = time.process_time()
        runs = 0
        while runs < 2 or time.process_time() - begun < 0.3:
            run(work, n)
            runs += 1
            if time.process_time() - begun > 3:
                break
        say({"ready": True})
        for line in sys.stdin:
            if line.strip() == "turn":
                say(turn(work, n, mode))
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(130)
