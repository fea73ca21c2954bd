/**
 * What a name or an expression can stand for: compile-time values, tensors, and the declarations that make them.
 * Pure data; `evaluate.ts` makes entities, everything else reads them.
 */
import type { BlockItem, FnItem, ParamStatement, Use } from "../../grammar/ast.ts";
import type { Value } from "../ir/ir.ts";
import type { DType } from "../ir/type.ts";
import type { Dim } from "../support/dim.ts";
import type { Loc, Span } from "../support/source.ts";
import type { BlockShape } from "./block-shape.ts";
import type { Scope } from "./scope.ts";

/** A config value as the outside gives and sees it. */
export type ConfigValue = number | boolean | string | readonly (number | boolean | string)[];

/** Where the value of a model's config comes from: a mistake in it is reported there. */
export interface Origin {
  readonly name: string;
  /** The default's place; absent when the value was set from outside. */
  readonly loc?: Loc;
  /** The declaration in the source. */
  readonly declared: Loc;
  readonly text: string;
}

/** Facts that travel with a value: the config values it was computed from, and how (`dim / heads = 768 / 12 = 64`). */
export interface Provenance {
  readonly origins: readonly Origin[];
  readonly note?: () => string;
}

export interface IntEntity extends Provenance {
  readonly kind: "int";
  /** A number, or a polynomial over `B` and `T`. */
  readonly dim: Dim;
}
export interface FloatEntity extends Provenance {
  readonly kind: "float";
  readonly value: number;
}
export interface BoolEntity extends Provenance {
  readonly kind: "bool";
  readonly value: boolean;
}
export interface TextEntity extends Provenance {
  readonly kind: "text";
  readonly value: string;
}
export interface ListEntity {
  readonly kind: "list";
  readonly items: readonly Entity[];
}
/** `causal`: a bare word handed to an op whose parameter is one. */
export interface WordEntity {
  readonly kind: "word";
  readonly value: string;
}
export interface TensorEntity {
  readonly kind: "tensor";
  readonly value: Value;
}
/** A block that was used, at a path in the checkpoint; `{i}` in the path where it belongs to a loop. */
export interface InstanceEntity {
  readonly kind: "instance";
  readonly shape: BlockShape;
  readonly path: string;
  readonly use: Use;
}
/** `use model.layers: Layer[depth]`: one shape a layer; equal layers share one. */
export interface ArrayEntity {
  readonly kind: "array";
  readonly layers: readonly BlockShape[];
  /** The number of the first layer in its paths. */
  readonly first: number;
  readonly path: string;
  readonly use: Use;
}
/** `param weight: f[out, in]` of a block: the element type is `f` (stored as the build says) or fixed. */
export interface ParameterEntity {
  readonly kind: "parameter";
  readonly path: string;
  readonly dims: readonly number[];
  readonly dtype: DType | "f";
  /** The config value that its size is owed to, if any is. */
  readonly culprit?: Origin;
  readonly decl: ParamStatement;
}
/** The `model` of `model.layers`. */
export interface NamespaceEntity {
  readonly kind: "namespace";
  readonly path: string;
  readonly members: Map<string, Entity>;
  /** The path of the instance it belongs to, once that is known. */
  readonly owner?: string;
}
export interface BlockEntity {
  readonly kind: "block";
  readonly decl: BlockItem;
  /** Where it was declared: the names its body sees. */
  readonly scope: Scope;
}
export interface FnEntity {
  readonly kind: "fn";
  readonly decl: FnItem;
  readonly scope: Scope;
}
/** A tensor that exists only when the block is called. */
export interface LaterEntity {
  readonly kind: "later";
  readonly name: string;
}
/** The result of a mistake that has been reported: whoever meets it stays silent. */
export interface PoisonEntity {
  readonly kind: "poison";
}

export type Entity =
  | IntEntity
  | FloatEntity
  | BoolEntity
  | TextEntity
  | ListEntity
  | WordEntity
  | TensorEntity
  | InstanceEntity
  | ArrayEntity
  | ParameterEntity
  | NamespaceEntity
  | BlockEntity
  | FnEntity
  | LaterEntity
  | PoisonEntity;

export const poison: PoisonEntity = { kind: "poison" };

export function int(dim: Dim, origins: readonly Origin[] = [], note?: () => string): IntEntity {
  return note === undefined ? { kind: "int", dim, origins } : { kind: "int", dim, origins, note };
}

export function float(value: number, origins: readonly Origin[] = []): FloatEntity {
  return { kind: "float", value, origins };
}

export function bool(value: boolean, origins: readonly Origin[] = []): BoolEntity {
  return { kind: "bool", value, origins };
}

export function text(value: string, origins: readonly Origin[] = []): TextEntity {
  return { kind: "text", value, origins };
}

export function originsOf(entity: Entity): readonly Origin[] {
  return "origins" in entity ? entity.origins : [];
}

/** `an int`, `a tensor`: the kind with its article, for messages. */
export function kindText(entity: Entity): string {
  switch (entity.kind) {
    case "int":
      return "an int";
    case "array":
      return "a list of layers";
    case "instance":
      return "a block that was used";
    case "later":
      return "a tensor";
    case "namespace":
      return "a part of a path";
    case "parameter":
      return "a parameter";
    default:
      return `a ${entity.kind}`;
  }
}

/** A compile-time value as it would be written; undefined for what is none. */
export function valueText(entity: Entity): string | undefined {
  switch (entity.kind) {
    case "int":
      return entity.dim.toString();
    case "float":
      return String(entity.value);
    case "bool":
      return String(entity.value);
    case "text":
      return JSON.stringify(entity.value);
    case "word":
      return entity.value;
    case "list": {
      const items = entity.items.map(valueText);
      return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
    }
    default:
      return undefined;
  }
}

/** A compile-time value: known before any tensor. */
export function isCompileTime(entity: Entity): boolean {
  return valueText(entity) !== undefined;
}

/** An expression's entity together with where it was written. */
export interface Placed {
  readonly entity: Entity;
  readonly span: Span;
}
