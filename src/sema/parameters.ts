/** The parameters of an analyzed model: every tensor that the checkpoint must hold, with its path and sizes. */
import type { DType } from "../ir/type.ts";
import type { Loc, Span } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import type { BlockShape } from "./block-shape.ts";
import type { Origin } from "./entity.ts";
import { indexName, joinPath } from "./frame.ts";
import type { Session } from "./session.ts";

export interface ParameterInfo {
  /** `model.layers.3.mlp.up_proj.weight` */
  readonly path: string;
  /** `model.layers.{i}.mlp.up_proj.weight`; equal to the path outside of layers. */
  readonly template: string;
  /** The number of the layer in the outermost list, if it is in one. */
  readonly index?: number;
  readonly dims: readonly number[];
  /** The storage type. */
  readonly dtype: DType;
  /** Its declaration; where that stands in the standard library, the user's `use` of what holds it. */
  readonly loc: Loc;
  /** The config value that its size is owed to, if any is. */
  readonly culprit?: Origin;
}

/** What of an analysis decides about its parameters. */
type Facts = Pick<Session, "storage" | "libraryFiles">;

/** All parameters below `shape`, which lies at `path`, in the order of the source. */
export function parametersOf(shape: BlockShape, facts: Facts): readonly ParameterInfo[] {
  const found: ParameterInfo[] = [];
  collect(shape, { path: "", template: "", depth: 0 }, facts, found);
  return found;
}

interface Position {
  readonly path: string;
  readonly template: string;
  readonly depth: number;
  readonly index?: number;
  /** The innermost `use` outside of the standard library. */
  readonly use?: Span;
}

function collect(shape: BlockShape, at: Position, facts: Facts, found: ParameterInfo[]): void {
  const { storage, libraryFiles } = facts;
  const inSource = (span: Span): Span => (libraryFiles.has(span.file) ? (at.use ?? span) : span);
  for (const member of shape.members) {
    const path = joinPath(at.path, member.path);
    const template = joinPath(at.template, member.path);
    switch (member.kind) {
      case "parameter":
        found.push({
          path,
          template,
          ...(at.index === undefined ? {} : { index: at.index }),
          dims: member.dims,
          dtype: member.dtype === "f" ? storage(path) : member.dtype,
          loc: locOf(inSource(member.decl.span)),
          ...(member.culprit === undefined ? {} : { culprit: member.culprit }),
        });
        break;
      case "instance":
        collect(member.shape, { ...at, path, template, use: inSource(member.use.span) }, facts, found);
        break;
      case "array":
        member.layers.forEach((layer, offset) => {
          const number = member.first + offset;
          const position = {
            path: `${path}.${number}`,
            template: `${template}.{${indexName(at.depth)}}`,
            depth: at.depth + 1,
            index: at.index ?? number,
            use: inSource(member.use.span),
          };
          collect(layer, position, facts, found);
        });
        break;
    }
  }
}

/** The storage types of a layer at `path`: layers of one loop store their parameters alike. */
export function storageKey(shape: BlockShape, path: string, facts: Facts): string {
  const found: ParameterInfo[] = [];
  collect(shape, { path, template: path, depth: 0 }, facts, found);
  return found.map((parameter) => parameter.dtype).join();
}
