/** One dispatcher for all fibers, instead of one for each that yields. */
import * as Scheduler from "effect/Scheduler"

export class SharedDispatcherScheduler extends Scheduler.MixedScheduler {
  private readonly shared = super.makeDispatcher()

  override makeDispatcher(): ReturnType<Scheduler.MixedScheduler["makeDispatcher"]> {
    return this.shared
  }
}
