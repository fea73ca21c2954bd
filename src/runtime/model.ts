/** A loaded model: the object that `load` of a generated package gives. `public-types.ts` says what its members do. */
import type { Sizes } from "./devices/device.ts";
import { BusyError, ContextError, DeviceLostError, OptionError, TokenizerError } from "./errors.ts";
import { CLOSED_DURING_CALL } from "./executor.ts";
import { argumentBytes, byteCount, checkSizes, floatsOf, signatureText } from "./call.ts";
import type { Argument } from "./call.ts";
import type { Executor } from "./executor.ts";
import { TokenGeneration } from "./generation.ts";
import { checkTokens, resolveOptions } from "./generation-options.ts";
import type { DeviceDetails, Extends, Forwards, GenerateOptions, Generates, Generation, LoadedModel, Tokenizer } from "./public-types.ts"; // prettier-ignore
import type { Built, Recovery } from "./recovery.ts";
import { Session } from "./session.ts";

/** What a package knows about its model beside the programs. */
export interface ModelFacts {
  readonly name: string;
  /** Logits of a token. */
  readonly vocab: number;
  /** Tokens are numbers below this. */
  readonly tokens: number;
  /** Positions of the caches at most. */
  readonly context: number;
  /** End-of-text tokens. */
  readonly eos: readonly number[];
}

export class Model implements LoadedModel, Generates, Forwards, Extends {
  device: DeviceDetails;
  private readonly executor: Executor;
  private readonly session: Session;
  private isBusy = false;
  private isClosed = false;

  constructor(
    private readonly facts: ModelFacts,
    private built: Built,
    private readonly recovery: Recovery,
    readonly tokenizer: Tokenizer | undefined,
    profile: string,
    /** Closed with the model. */
    private readonly weights: { close(): Promise<void> },
  ) {
    const { executor, device } = built;
    this.executor = executor;
    this.device = { ...device.info, profile };
    const chunk = (entry: string): number =>
      Math.max(0, ...executor.plansOf(entry).map(({ bucket }) => bucket["T"] ?? 1));
    const chunks = { prefill: chunk("prefill"), extend: chunk("extend") };
    this.session = new Session(executor, chunks, facts.vocab);
  }

  get lost(): Promise<Error> {
    return this.recovery.lost;
  }

  get context(): number {
    return this.executor.context;
  }

  generate(prompt: string | readonly number[], options: GenerateOptions = {}): Generation {
    const resolved = resolveOptions(options, this.facts.eos, this.facts.vocab);
    if (!this.executor.hasEntry("prefill"))
      throw new OptionError(`${this.facts.name} was built without generation: it has no causal text entry`);
    if (resolved.stop.length > 0 && this.tokenizer === undefined)
      throw new TokenizerError("a stop text needs a tokenizer; give `tokenizer`, or use `stopTokens`");
    const tokens = typeof prompt === "string" ? this.encode(prompt, resolved.special) : prompt;
    checkTokens(tokens, this.facts.tokens);
    if (tokens.length > this.context)
      throw new ContextError(`the prompt has ${tokens.length} tokens, the context holds ${this.context}`);
    this.acquire();
    const finished = (): void => void (this.isBusy = false);
    return new TokenGeneration(this.session, [...tokens], this.tokenizer, resolved, finished, (error, signal) =>
      this.recover(error, signal),
    );
  }

  async forward(tokens: readonly number[]): Promise<Float32Array> {
    checkTokens(tokens, this.facts.tokens);
    return this.exclusively(async () => {
      const sizes = { B: 1, T: tokens.length };
      const plan = this.planFor("forward", sizes);
      const form = this.executor.plan(plan);
      const [input = "", output = ""] = form.text ?? [];
      const type = form.types[output];
      if (type === undefined) throw new OptionError(`\`forward\` takes ${signatureText(form)}: use \`call("forward", { ... }, { B, T })\``); // prettier-ignore
      this.executor.setInput(plan, input, Int32Array.from(tokens));
      const range = this.executor.output(plan, output, byteCount(type, sizes));
      return floatsOf(type[0], await this.executor.run(plan, sizes, range));
    });
  }

  async extend(tokens: readonly number[]): Promise<Float32Array> {
    if (!this.executor.hasEntry("extend")) throw new OptionError(`${this.facts.name} was built without generation: it has no context to extend`); // prettier-ignore
    checkTokens(tokens, this.facts.tokens);
    return this.exclusively(() => this.session.extend(tokens));
  }

  reset(): void {
    if (this.isBusy) throw new BusyError("a generation is running; end it before the context is emptied");
    this.session.reset();
  }

  async call(
    entry: string,
    inputs: Readonly<Record<string, Argument>>,
    sizes: Sizes,
  ): Promise<Record<string, Uint8Array>> {
    const isRepeatable = (): boolean => this.executor.isPure(this.planFor(entry, sizes), Object.keys(inputs));
    return this.exclusively(async () => {
      const plan = this.planFor(entry, sizes);
      const all = { S: this.context, ...sizes };
      for (const [name, bytes] of argumentBytes(this.executor.plan(plan), inputs, all)) this.executor.writeInput(plan, name, bytes); // prettier-ignore
      await this.executor.run(plan, sizes);
      const results: Record<string, Uint8Array> = {};
      for (const name of this.executor.outputNames(plan)) {
        const type = this.executor.typeOf(plan, name);
        const range = this.executor.output(plan, name, type && byteCount(type, all));
        results[name] = await this.executor.read(range);
      }
      return results;
    }, isRepeatable);
  }

  private planFor(entry: string, sizes: Sizes): number {
    const [first, ...others] = this.executor.plansOf(entry);
    if (first === undefined) {
      const entries = [...new Set(this.executor.program.plans.map((each) => each.entry))];
      throw new OptionError(`there is no entry point \`${entry}\`; this package has ${entries.join(", ")}`);
    }
    const plan = this.executor.planFor(entry, sizes);
    checkSizes(plan === undefined ? first : this.executor.plan(plan), sizes);
    if (plan !== undefined) return plan;
    const buckets = [first, ...others].map(({ bucket }) => bucket);
    const tooLarge = Object.entries(sizes).map(([name, size]) => {
      const most = Math.max(...buckets.map((bucket) => bucket[name] ?? (name === "T" ? 1 : Infinity)));
      return size > most ? `${name} = ${size} is more than its ${most}` : `${name} = ${size}`;
    });
    throw new ContextError(`\`${entry}\` has no room for this call: ${tooLarge.join(", ")}`);
  }

  /** The tokens of a prompt, with the special ones that the tokenizer puts around a text. */
  encode(text: string, special = false): readonly number[] {
    if (this.tokenizer === undefined)
      throw new TokenizerError("a text needs a tokenizer: put tokenizer.json beside the package, or give `tokenizer`");
    return this.tokenizer.encode(text, { special, addSpecial: true });
  }

  private acquire(): void {
    if (this.isClosed) throw new BusyError("the model is closed");
    if (this.isBusy) throw new BusyError("a call is running on this model; wait for it, or end its iterator");
    this.isBusy = true;
  }

  /** Where the device is lost `run` is repeated on another one, or, where that would not be the same, ends with an error. */
  private async exclusively<V>(run: () => Promise<V>, isRepeatable = (): boolean => true): Promise<V> {
    this.acquire();
    try {
      for (;;)
        try {
          return await run();
        } catch (error) {
          await this.recover(error);
          if (!isRepeatable())
            throw new DeviceLostError("the GPU device was lost, and with it state and arguments of earlier calls; the model is on another one, where they are empty", { cause: error }); // prettier-ignore
        }
    } finally {
      this.isBusy = false;
    }
  }

  /** Puts the model on another device, if `error` is the loss of its own; throws where it is not or that fails. */
  private async recover(error: unknown, signal?: AbortSignal): Promise<void> {
    if (this.isClosed) throw new BusyError(CLOSED_DURING_CALL, { cause: error });
    const built = await this.recovery.after(error, signal);
    if (this.isClosed) {
      built.executor.close();
      built.device.close();
      throw new BusyError(CLOSED_DURING_CALL, { cause: error });
    }
    this.executor.become(built.executor);
    this.built.device.close();
    this.built = built;
    this.device = { ...this.device, ...built.device.info };
    this.session.moved();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.executor.close();
    this.built.device.close();
    await this.weights.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
