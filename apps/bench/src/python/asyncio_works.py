import asyncio
import tracemalloc

from common import main

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
        for _ in range(n // 1000):
            async with mutex:
                await yields(0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(1000):
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
        "pool": run(pool),
        "timeout": run(timeout),
    }
)
