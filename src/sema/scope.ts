/**
 * Names in scope: a chain of tables, inner before outer. Knows nothing of what the names mean. `names` lists all of
 * them, for "did you mean".
 */
import type { Span } from "../support/source.ts";
import type { Entity } from "./entity.ts";

/** A name that was found, and the table it was found in. */
export interface Found {
  readonly entity: Entity;
  readonly scope: Scope;
}

export class Scope {
  private readonly table = new Map<string, Entity>();
  private readonly places = new Map<string, Span>();

  /** `config`: the values a model or a block is used with; the names of its body lie in a table inside. */
  constructor(
    readonly parent?: Scope,
    readonly holds: "names" | "config" = "names",
  ) {}

  /** Declares `name` here, at a place of the source if it has one; the caller has checked that it is free (`own`). */
  define(name: string, entity: Entity, at?: Span): void {
    this.table.set(name, entity);
    if (at !== undefined) this.places.set(name, at);
  }

  /** Where `name` was declared here. */
  placeOf(name: string): Span | undefined {
    return this.places.get(name);
  }

  own(name: string): Entity | undefined {
    return this.table.get(name);
  }

  lookup(name: string): Found | undefined {
    const entity = this.table.get(name);
    return entity === undefined ? this.parent?.lookup(name) : { entity, scope: this };
  }

  names(): readonly string[] {
    return [...this.table.keys(), ...(this.parent?.names() ?? [])];
  }
}
