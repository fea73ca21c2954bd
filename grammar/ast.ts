/**
 * The abstract syntax tree of a `.llm` file. Every node carries its span. The tree knows no op names and no types
 * beyond what was written: `sema` resolves them. Nodes recovered from an error are simply absent.
 */
import type { Span } from "../src/support/source.ts";

interface Node {
  readonly span: Span;
}

export interface Name extends Node {
  readonly text: string;
}

/** `model.layers`: names joined by dots, as in checkpoint paths. */
export interface Path extends Node {
  readonly names: readonly Name[];
}

export interface File extends Node {
  readonly kind: "file";
  readonly items: readonly Item[];
}

export type Item = ModelItem | BlockItem | FnItem | TrainItem | AdaptItem;

/** `model Llama(vocab: int = 49152, ...) { ... }` */
export interface ModelItem extends Node {
  readonly kind: "model";
  readonly doc: string;
  readonly name: Name;
  readonly config: readonly ConfigParam[];
  readonly body: readonly Statement[];
}

/** `vocab: int = 49152`. Types: int, float, bool, text, int[], float[], bool[]. */
export interface ConfigParam extends Node {
  readonly name: Name;
  readonly type: Name;
  readonly list: boolean;
  readonly default?: Expr;
}

/**
 * `block Layer(window: int)(x: f[B, T, dim]) -> f[B, T, dim] { ... }`. With one list it is the tensors; with two the
 * first is the config. A block inside a model (or block) sees the names around it; a block of a file's top level
 * (the standard library) sees only its own.
 */
export interface BlockItem extends Node {
  readonly kind: "block";
  readonly doc: string;
  readonly name: Name;
  readonly config: readonly ConfigParam[];
  readonly params: readonly TensorParam[];
  readonly result?: TypeExpr;
  readonly body: readonly Statement[];
}

/**
 * `fn split_heads(x: f[B, T, C], heads: int) -> f[B, heads, T, C / heads] { return ... }`: a function without
 * parameters of its own. Names in the tensors' types that are not known bind to the argument's sizes.
 */
export interface FnItem extends Node {
  readonly kind: "fn";
  readonly doc: string;
  readonly name: Name;
  /** Tensors and config values in call order. */
  readonly params: readonly (TensorParam | ConfigParam)[];
  readonly result?: TypeExpr;
  readonly body: readonly Statement[];
}

/** `x: f[B, T, dim]` */
export interface TensorParam extends Node {
  readonly name: Name;
  readonly type: TypeExpr;
}

/** `f[..., dim]`. `element` as written: f, f32, f16, bf16, i32, u32, bool. `rest`: the type starts with `...`. */
export interface TypeExpr extends Node {
  readonly kind: "type";
  readonly element: Name;
  readonly rest: boolean;
  readonly dims: readonly Expr[];
}

/** `train Pretrain(Llama) { loss: ...  optimizer: ... }` */
export interface TrainItem extends Node {
  readonly kind: "train";
  readonly doc: string;
  readonly name: Name;
  readonly model: Name;
  readonly entries: readonly Entry[];
}
export interface Entry extends Node {
  readonly key: Name;
  readonly value: Expr;
}

/** `adapt Chat(Llama) { lora(rank: 16, alpha: 32) on "**.{q_proj,v_proj}" }` */
export interface AdaptItem extends Node {
  readonly kind: "adapt";
  readonly doc: string;
  readonly name: Name;
  readonly model: Name;
  readonly rules: readonly AdaptRule[];
}
export interface AdaptRule extends Node {
  readonly method: Expr;
  readonly on: StringLiteral;
}

export type Statement =
  | BlockItem
  | LetStatement
  | RequireStatement
  | UseStatement
  | ParamStatement
  | IfStatement
  | ReturnStatement
  | TapStatement
  | ForwardItem
  | WeightsItem;

export interface LetStatement extends Node {
  readonly kind: "let";
  readonly name: Name;
  readonly value: Expr | ScanExpr;
}

/**
 * `let y = scan(h: f[B, dim] = start) over T with x, decay = d { ... return (next, out) }`: a walk along an axis. In the
 * body each input stands for its values at one position; what is returned is the next state, then the results there.
 */
export interface ScanExpr extends Node {
  readonly kind: "scan";
  readonly states: readonly ScanState[];
  /** The size of the axis. */
  readonly over: Expr;
  readonly inputs: readonly ScanInput[];
  readonly body: readonly Statement[];
}
/** `h: f[B, dim] = start`; zeros without a start. */
export interface ScanState extends TensorParam {
  readonly start?: Expr;
}
/** `decay = d`, or `x` for `x = x`. */
export interface ScanInput extends Node {
  readonly name: Name;
  readonly value: Expr;
}

/** `require dim % heads == 0, "heads must divide dim"`: checked when config values are known. */
export interface RequireStatement extends Node {
  readonly kind: "require";
  readonly condition: Expr;
  readonly message?: StringLiteral;
}

/** `use a: Linear(x, y), b: Attention, model.layers: Layer[depth], model.layers: Layer(window: w[i]) for i in 0..depth` */
export interface UseStatement extends Node {
  readonly kind: "use";
  readonly uses: readonly Use[];
}
export interface Use extends Node {
  readonly path: Path;
  readonly block: Name;
  readonly args: readonly Argument[];
  readonly array?: UseArray;
}
/** `[count]`, or `for index in from..to` (half-open); `from` is absent for `[count]`. */
export interface UseArray extends Node {
  readonly index?: Name;
  readonly from?: Expr;
  readonly to: Expr;
}

/** `param weight: f[out, in]` inside a block. */
export interface ParamStatement extends Node {
  readonly kind: "param";
  readonly name: Name;
  readonly type: TypeExpr;
}

/** Compile-time choice; what is declared inside is visible after it. */
export interface IfStatement extends Node {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: readonly Statement[];
  readonly else: readonly Statement[];
}

export interface ReturnStatement extends Node {
  readonly kind: "return";
  readonly value: Expr;
}

/** `tap "hidden" = h`: in a build with taps, one more output of `forward`. */
export interface TapStatement extends Node {
  readonly kind: "tap";
  readonly name: StringLiteral;
  readonly value: Expr;
}

export interface ForwardItem extends Node {
  readonly kind: "forward";
  readonly params: readonly TensorParam[];
  readonly result: TypeExpr;
  readonly body: readonly Statement[];
}

/** How a published checkpoint's names differ from the paths here. Patterns: `*` one name, `**` any, `{a,b}` either. */
export interface WeightsItem extends Node {
  readonly kind: "weights";
  readonly rules: readonly WeightRule[];
}
export type WeightRule =
  /** `rename "h.{i}.attn" = "layers.{i}.self_attn"`: published = here. */
  | (Node & { readonly kind: "rename"; readonly published: StringLiteral; readonly path: StringLiteral })
  | (Node & { readonly kind: "optional_prefix"; readonly prefix: StringLiteral })
  | (Node & { readonly kind: "ignore"; readonly pattern: StringLiteral })
  /** `tied "lm_head.weight" = "model.embed_tokens.weight"`: compared if present. */
  | (Node & { readonly kind: "tied"; readonly published: StringLiteral; readonly path: StringLiteral })
  /** `stack experts.up[e] = "...experts.{e}.w1.weight"` */
  | (Node & {
      readonly kind: "stack";
      readonly path: Path;
      readonly index: Name;
      readonly published: StringLiteral;
    });

export type Expr =
  | NumberLiteral
  | StringLiteral
  | BoolLiteral
  | ListExpr
  | RefExpr
  | MemberExpr
  | CallExpr
  | IndexExpr
  | UnaryExpr
  | BinaryExpr
  | IfExpr;

/** `isFloat`: written with a point or an exponent. */
export interface NumberLiteral extends Node {
  readonly kind: "number";
  readonly value: number;
  readonly isFloat: boolean;
}
export interface StringLiteral extends Node {
  readonly kind: "string";
  readonly value: string;
}
export interface BoolLiteral extends Node {
  readonly kind: "bool";
  readonly value: boolean;
}
export interface ListExpr extends Node {
  readonly kind: "list";
  readonly items: readonly Expr[];
}
export interface RefExpr extends Node {
  readonly kind: "ref";
  readonly name: string;
}
/** `a.b`; a chain of these over a `ref` is how a path is written in an expression. */
export interface MemberExpr extends Node {
  readonly kind: "member";
  readonly object: Expr;
  readonly member: Name;
}
export interface CallExpr extends Node {
  readonly kind: "call";
  readonly callee: Expr;
  readonly args: readonly Argument[];
}
export interface Argument extends Node {
  readonly name?: Name;
  readonly value: Expr;
}
/** `windows[i]`, `qkv[..., 0:dim]`. */
export interface IndexExpr extends Node {
  readonly kind: "index";
  readonly object: Expr;
  readonly items: readonly IndexItem[];
}
export type IndexItem =
  | (Node & { readonly kind: "ellipsis" })
  | (Node & { readonly kind: "at"; readonly value: Expr })
  | (Node & { readonly kind: "range"; readonly from?: Expr; readonly to?: Expr });

export type UnaryOperator = "-" | "!";
export interface UnaryExpr extends Node {
  readonly kind: "unary";
  readonly operator: UnaryOperator;
  readonly operand: Expr;
}
/** `@` is the matrix product. Precedence, low to high: `||`, `&&`, comparisons, `+ -`, `* / % @`. */
export type BinaryOperator =
  | "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "@"; // prettier-ignore
export interface BinaryExpr extends Node {
  readonly kind: "binary";
  readonly operator: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
}
/** `if tied { a } else { b }`: chosen at compile time. */
export interface IfExpr extends Node {
  readonly kind: "if";
  readonly condition: Expr;
  readonly then: Expr;
  readonly else: Expr;
}
