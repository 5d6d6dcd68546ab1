"""The protocol of child.ts: warm up, say so, then a round for each line on stdin."""

import gc
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


def measure(work, n):
    gc.collect()
    timer = Timer()
    traced = work(n, timer)
    if timer.used is None:
        timer.end()
    result = {"cpuUs": timer.used * 1e6 / n, "wallUs": timer.passed * 1e6 / n}
    if traced is not None:
        result["bytes"] = traced / n
    return result


def say(message):
    print(json.dumps(message), flush=True)


def main(works):
    work = works[sys.argv[1]]
    n = int(sys.argv[2])
    for _ in range(3):
        measure(work, n)
    say({"ready": True})
    for line in sys.stdin:
        if line.strip() == "round":
            say(measure(work, n))
