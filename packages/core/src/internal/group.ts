import { Node } from "./node.ts"

/** The owner of tasks. */
export abstract class Group extends Node {}
