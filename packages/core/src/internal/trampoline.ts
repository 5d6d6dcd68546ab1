/**
 * Runs callbacks that resume or interrupt fibers without nesting them: a fiber that is resumed inside another's run loop
 * may end and resume a third, and so on; 10,000 levels of that overflow the stack. The first call drains the queue,
 * calls made meanwhile only enqueue.
 */
let draining = false
let queue: Array<() => void> = []

export const enqueue = (run: () => void): void => {
  queue.push(run)
  if (draining) return
  draining = true
  try {
    while (queue.length > 0) {
      const batch = queue
      queue = []
      for (let i = 0; i < batch.length; i++) {
        try {
          batch[i]!()
        } catch (error) {
          // A callback that throws must not take the others with it.
          queueMicrotask(() => {
            throw error
          })
        }
      }
    }
  } finally {
    draining = false
  }
}
