/** The parameters of an analyzed model: every tensor that the checkpoint must hold, with its path and sizes. */
import type { DType } from "../ir/type.ts";
import type { Loc } from "../support/source.ts";
import { locOf } from "../support/source.ts";
import type { BlockShape } from "./block-shape.ts";
import { indexName, joinPath } from "./frame.ts";

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
  readonly loc: Loc;
}

type Storage = (path: string) => DType;

/** All parameters below `shape`, which lies at `path`, in the order of the source. */
export function parametersOf(shape: BlockShape, storage: Storage): readonly ParameterInfo[] {
  const found: ParameterInfo[] = [];
  collect(shape, { path: "", template: "", depth: 0 }, storage, found);
  return found;
}

interface Position {
  readonly path: string;
  readonly template: string;
  readonly depth: number;
  readonly index?: number;
}

function collect(shape: BlockShape, at: Position, storage: Storage, found: ParameterInfo[]): void {
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
          loc: locOf(member.decl.span),
        });
        break;
      case "instance":
        collect(member.shape, { ...at, path, template }, storage, found);
        break;
      case "array":
        member.layers.forEach((layer, offset) => {
          const number = member.first + offset;
          const position = {
            path: `${path}.${number}`,
            template: `${template}.{${indexName(at.depth)}}`,
            depth: at.depth + 1,
            index: at.index ?? number,
          };
          collect(layer, position, storage, found);
        });
        break;
    }
  }
}

/** The storage types of a layer at `path`: layers of one loop store their parameters alike. */
export function storageKey(shape: BlockShape, path: string, storage: Storage): string {
  const found: ParameterInfo[] = [];
  collect(shape, { path, template: path, depth: 0 }, storage, found);
  return found.map((parameter) => parameter.dtype).join();
}
