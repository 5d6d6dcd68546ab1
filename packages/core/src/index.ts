export * as Retry from "./resilience/Retry.ts"
export * as RetryBudget from "./resilience/RetryBudget.ts"
export * as Semaphore from "./sync/Semaphore.ts"
