import os
import tracemalloc

import trio

from common import hashed, main

yields = trio.lowlevel.checkpoint


def run(f):
    return lambda n, timer: trio.run(f, n, timer)


async def group(size):
    async with trio.open_nursery() as nursery:
        for _ in range(size):
            nursery.start_soon(yields)


async def fork_join_groups(n, timer):
    for _ in range(n // 1000):
        await group(1000)


async def fork_join_large(n, timer):
    await group(n)


async def memory(n, suspend):
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    async with trio.open_nursery() as nursery:
        for _ in range(n):
            nursery.start_soon(suspend)
        await yields()
        await yields()
        used = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        nursery.cancel_scope.cancel()
    return used


async def memory_suspended(n, timer):
    return await memory(n, trio.sleep_forever)


async def memory_sleeping(n, timer):
    async def suspend():
        await trio.sleep(3600)

    return await memory(n, suspend)


cleaned = 0


async def cleaning():
    global cleaned
    try:
        await trio.sleep_forever()
    finally:
        cleaned += 1


async def cancel(n, timer):
    async with trio.open_nursery() as nursery:
        for _ in range(n):
            nursery.start_soon(cleaning)
        await yields()
        await yields()
        timer.begin()
        nursery.cancel_scope.cancel()
    timer.end()


async def fail_fast(n, timer):
    failure = trio.Event()

    async def fails():
        await failure.wait()
        raise ValueError

    try:
        async with trio.open_nursery() as nursery:
            for i in range(n):
                nursery.start_soon(fails if i == n // 2 else trio.sleep_forever)
            await yields()
            await yields()
            timer.begin()
            failure.set()
    except* ValueError:
        pass
    timer.end()


async def nested(n, timer):
    async def tree(leaves):
        if leaves <= 1:
            await yields()
            return
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(tree, leaves // 10)

    await tree(n)


async def limit(n, timer):
    permits = trio.CapacityLimiter(10)

    async def task():
        async with permits:
            await yields()

    async with trio.open_nursery() as nursery:
        for _ in range(n):
            nursery.start_soon(task)


async def lock(n, timer):
    mutex = trio.Lock()

    async def task():
        for _ in range(20):
            async with mutex:
                await yields()

    async with trio.open_nursery() as nursery:
        for _ in range(n // 20):
            nursery.start_soon(task)


def queue(sides):
    async def work(n, timer):
        send, receive = trio.open_memory_channel(100)

        async def producer():
            for _ in range(n // sides):
                await send.send(1)

        async def consumer():
            for _ in range(n // sides):
                await receive.receive()

        async with trio.open_nursery() as nursery:
            for _ in range(sides):
                nursery.start_soon(producer)
                nursery.start_soon(consumer)

    return work


async def queue_batches(n, timer):
    send, receive = trio.open_memory_channel(100)

    async def producer():
        for _ in range(n):
            await send.send(1)

    async def consumer():
        taken = 0
        while taken < n:
            await receive.receive()
            taken += 1
            try:
                while True:
                    receive.receive_nowait()
                    taken += 1
            except trio.WouldBlock:
                pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(producer)
        nursery.start_soon(consumer)


async def consume(n, timer):
    send, receive = trio.open_memory_channel(100)

    async def worker():
        async for _ in receive:
            await yields()

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(worker)
        async with send:
            for _ in range(n):
                await send.send(1)


async def offload(n, timer):
    threads = trio.CapacityLimiter(max(1, os.cpu_count() - 1))

    async def caller():
        for _ in range(n // 16):
            await trio.to_thread.run_sync(hashed, limiter=threads)

    await trio.to_thread.run_sync(hashed, limiter=threads)
    timer.begin()
    async with trio.open_nursery() as nursery:
        for _ in range(16):
            nursery.start_soon(caller)
    timer.end()


async def pool(n, timer):
    lend, idle = trio.open_memory_channel(10)
    for _ in range(10):
        lend.send_nowait(object())

    async def task():
        for _ in range(n // 100):
            item = await idle.receive()
            try:
                await yields()
            finally:
                lend.send_nowait(item)

    async with trio.open_nursery() as nursery:
        for _ in range(100):
            nursery.start_soon(task)


async def timeout(n, timer):
    for _ in range(n):
        with trio.fail_after(1):
            await yields()


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
