import asyncio
import os
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

from common import hashed, main

yields = asyncio.sleep


def run(f):
    return lambda n, timer: asyncio.run(f(n, timer))


async def group(size):
    async with asyncio.TaskGroup() as tasks:
        for _ in range(size):
            tasks.create_task(yields(0))


async def fork_join_groups(n, timer):
    for _ in range(n // 1000):
        await group(1000)


async def fork_join_large(n, timer):
    await group(n)


async def memory(n, suspend):
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tasks = [asyncio.create_task(suspend()) for _ in range(n)]
    await yields(0)
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return used


async def memory_suspended(n, timer):
    async def suspend():
        await asyncio.get_running_loop().create_future()

    return await memory(n, suspend)


async def memory_sleeping(n, timer):
    return await memory(n, lambda: asyncio.sleep(3600))


cleaned = 0


async def cleaning():
    global cleaned
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        cleaned += 1


async def cancel(n, timer):
    async def body():
        async with asyncio.TaskGroup() as tasks:
            for _ in range(n):
                tasks.create_task(cleaning())

    task = asyncio.create_task(body())
    await yields(0)
    await yields(0)
    timer.begin()
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass
    timer.end()


async def fail_fast(n, timer):
    failure = asyncio.get_running_loop().create_future()

    async def fails():
        await failure

    async def suspend():
        await asyncio.get_running_loop().create_future()

    async def body():
        async with asyncio.TaskGroup() as tasks:
            for i in range(n):
                tasks.create_task(fails() if i == n // 2 else suspend())

    task = asyncio.create_task(body())
    await yields(0)
    await yields(0)
    timer.begin()
    failure.set_exception(ValueError())
    try:
        await task
    except* ValueError:
        pass
    timer.end()


async def nested(n, timer):
    async def tree(leaves):
        if leaves <= 1:
            await yields(0)
            return
        async with asyncio.TaskGroup() as tasks:
            for _ in range(10):
                tasks.create_task(tree(leaves // 10))

    await tree(n)


async def limit(n, timer):
    permits = asyncio.Semaphore(10)

    async def task():
        async with permits:
            await yields(0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(n):
            tasks.create_task(task())


async def lock(n, timer):
    mutex = asyncio.Lock()

    async def task():
        for _ in range(20):
            async with mutex:
                await yields(0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(n // 20):
            tasks.create_task(task())


def queue(sides):
    async def work(n, timer):
        items = asyncio.Queue(100)

        async def producer():
            for _ in range(n // sides):
                await items.put(1)

        async def consumer():
            for _ in range(n // sides):
                await items.get()

        async with asyncio.TaskGroup() as tasks:
            for _ in range(sides):
                tasks.create_task(producer())
                tasks.create_task(consumer())

    return work


async def queue_batches(n, timer):
    items = asyncio.Queue(100)

    async def producer():
        for _ in range(n):
            await items.put(1)

    async def consumer():
        taken = 0
        while taken < n:
            await items.get()
            taken += 1
            try:
                while True:
                    items.get_nowait()
                    taken += 1
            except asyncio.QueueEmpty:
                pass

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(producer())
        tasks.create_task(consumer())


async def consume(n, timer):
    items = asyncio.Queue(100)

    async def worker():
        while True:
            await items.get()
            await yields(0)
            items.task_done()

    workers = [asyncio.create_task(worker()) for _ in range(10)]
    for _ in range(n):
        await items.put(1)
    await items.join()
    for one in workers:
        one.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


async def offload(n, timer):
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max(1, os.cpu_count() - 1)) as threads:

        async def caller():
            for _ in range(n // 16):
                await loop.run_in_executor(threads, hashed)

        await loop.run_in_executor(threads, hashed)
        timer.begin()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(16):
                tasks.create_task(caller())
        timer.end()


async def pool(n, timer):
    idle = asyncio.Queue()
    for _ in range(10):
        idle.put_nowait(object())

    async def task():
        for _ in range(n // 100):
            item = await idle.get()
            try:
                await yields(0)
            finally:
                idle.put_nowait(item)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(100):
            tasks.create_task(task())


async def timeout(n, timer):
    for _ in range(n):
        async with asyncio.timeout(1):
            await yields(0)


main(
    {
        "fork-join-groups": run(fork_join_groups),
        "fork-join-large": run(fork_join_large),
        "memory-suspended": run(memory_suspended),
        "memory-sleeping": run(memory_sleeping),
        "cancel": run(cancel),
        "fail-fast": run(fail_fast),
        "nested": run(nested),
        "limit": run(limit),
        "lock": run(lock),
        "queue": run(queue(1)),
        "queue-4-4": run(queue(4)),
        "queue-batches": run(queue_batches),
        "consume": run(consume),
        "offload": run(offload),
        "pool": run(pool),
        "timeout": run(timeout),
    }
)
