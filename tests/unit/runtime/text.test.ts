/** The text side of the runtime: tokens to text piece by piece, stop strings, and the framing special tokens. */
import { describe, expect, it } from "vitest";
import { OptionError, TokenizerError } from "../../../src/runtime/errors.ts";
import { StopText } from "../../../src/runtime/stop-text.ts";
import { StreamDecoder, readTokenizer } from "../../../src/runtime/tokenizer.ts";

/** GPT-2's alphabet of bytes: printable ones stand for themselves, the others for characters from U+0100. */
function byteAlphabet(): readonly string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(isPrintable ? byte : next++);
  });
}

/** A byte-level tokenizer without merges: token i is byte i, 256 is `<end>`, 257 is `<begin>`. */
function byteTokenizer(frame: boolean): string {
  const vocab = Object.fromEntries([...byteAlphabet(), "<end>", "<begin>"].map((text, id) => [text, id]));
  const special = (id: number, content: string) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }); // prettier-ignore
  const template = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: "<begin>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    pair: [],
    special_tokens: { "<begin>": { id: "<begin>", ids: [257], tokens: ["<begin>"] } },
  };
  return JSON.stringify({
    version: "1.0",
    added_tokens: [special(256, "<end>"), special(257, "<begin>")],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: frame ? template : null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: "BPE", vocab, merges: [], unk_token: null, fuse_unk: false, byte_fallback: false },
  });
}

/** What the tests change in it. */
interface TokenizerFile {
  model: { type: unknown; vocab: Record<string, unknown>; merges: unknown };
  added_tokens: unknown;
}

describe("the tokenizer", () => {
  const tokenizer = readTokenizer(byteTokenizer(false));

  it("gives tokens and text", () => {
    expect(tokenizer.encode("hé!")).toEqual([0x68, 0xc3, 0xa9, 0x21]);
    expect(tokenizer.decode([0x68, 0xc3, 0xa9, 0x21, 256])).toBe("hé!");
    expect(tokenizer.encode("")).toEqual([]);
  });

  it("takes special tokens in text for text unless asked", () => {
    expect(tokenizer.encode("a<end>")).toHaveLength(6);
    expect(tokenizer.encode("a<end>", { special: true })).toEqual([0x61, 256]);
  });

  it("adds the post-processor's tokens only when asked", () => {
    const framed = readTokenizer(byteTokenizer(true));
    expect(framed.encode("a", { addSpecial: true })).toEqual([257, 0x61]);
    expect(framed.encode("a")).toEqual([0x61]);
    expect(framed.encode("a<end>", { addSpecial: true })).toHaveLength(7);
  });

  it("refuses an id without a token, and streams past one", () => {
    expect(tokenizer.decode([257])).toBe("");
    for (const id of [258, -1, 1.5, NaN])
      expect(() => tokenizer.decode([0x61, id])).toThrow(`no token ${id} in the tokenizer's vocabulary of 258 tokens`);
    expect(() => tokenizer.decode([258])).toThrow(OptionError);
    expect([0, 257, 258, -1].map((id) => tokenizer.has(id))).toEqual([true, true, false, false]);
    const decoder = new StreamDecoder(tokenizer);
    expect([0xc3, 999, 0xa9].map((token) => decoder.push(token)).join("") + decoder.flush()).toBe("é");
  });

  it("says when a file is no tokenizer", () => {
    expect(() => readTokenizer("{}")).toThrow(TokenizerError);
    expect(() => readTokenizer("nonsense")).toThrow(/tokenizer.json cannot be used/);
  });

  const changed = (change: (file: TokenizerFile) => void): string => {
    const file = JSON.parse(byteTokenizer(false)) as TokenizerFile;
    change(file);
    return JSON.stringify(file);
  };

  it.each<[string, (file: TokenizerFile) => void, RegExp]>([
    ["an id beyond the model's tokens", ({ model }) => void (model.vocab["a"] = 300), /300 is no token id/],
    ["an id that is a text", ({ model }) => void (model.vocab["a"] = "97"), /"97" is no token id/],
    ["an id that is no integer", ({ model }) => void (model.vocab["a"] = 0.5), /0.5 is no token id/],
    ["a kind of model that there is not", ({ model }) => void (model.type = "WordLevel"), /"WordLevel" is no model/],
    ["a merge of one token", ({ model }) => void (model.merges = ["a"]), /"a" is no merge/],
    ["a merge of three", ({ model }) => void (model.merges = [["a", "b", "c"]]), /\["a","b","c"\] is no merge/],
    ["a merge whose result is no token", ({ model }) => void (model.merges = ["a b"]), /"a b" is no merge/],
    ["merges that are no list", ({ model }) => void (model.merges = { a: 1 }), /cannot be used/],
    ["no vocabulary", ({ model }) => void (model.vocab = null as never), /cannot be used/],
    ["a vocabulary that is a number", ({ model }) => void (model.vocab = 5 as never), /5 is no vocabulary/],
    ["a list of more tokens than the model's", ({ model }) => void Object.assign(model, { type: "Unigram", unk_id: 0, vocab: Array.from({ length: 259 }, (_, i) => [`${i}`, 0]) }), /258 is no token id/],
    ["an added token without a text", (file) => void (file.added_tokens = [{ id: 5 }]), /{"id":5} is no added token/],
    ["an added token whose id is a text", (file) => void (file.added_tokens = [{ id: "q", content: "<q>" }]), /"q" is no token id/],
    ["added tokens that are no list", (file) => void (file.added_tokens = {}), /cannot be used/],
  ])("refuses %s when it is read", (_, change, words) => {
    const read = () => readTokenizer(changed(change), 258);
    expect(read).toThrow(TokenizerError);
    expect(read).toThrow(words);
  }); // prettier-ignore

  it.each([
    ["texts", ["a b", "ab c"]],
    [
      "pairs",
      [
        ["a", "b"],
        ["ab", "c"],
      ],
    ],
  ])("takes merges that are %s, and added tokens beyond the model's", (_, merges) => {
    const text = changed(({ model, added_tokens: added }) => {
      model.vocab = { ...model.vocab, ab: 258, abc: 259 };
      model.merges = merges;
      (added as object[]).push({ id: 400, content: "<image>", special: true });
    });
    expect(readTokenizer(text, 260).encode("abcab")).toEqual([259, 258]);
    expect(() => readTokenizer(text, 259)).toThrow(/259 is no token id/);
  });

  it("streams whole characters only, and all of the text in the end", () => {
    const decoder = new StreamDecoder(tokenizer);
    const pieces = [...tokenizer.encode("a€😀b")].map((token) => decoder.push(token));
    expect(pieces).toEqual(["a", "", "", "€", "", "", "", "😀", "b"]);
    expect(decoder.flush()).toBe("");
  });

  it("streams long texts without decoding them from the start again", () => {
    const text = "naïve 😀 café ".repeat(40);
    const decoder = new StreamDecoder(tokenizer);
    expect(tokenizer.encode(text).map((token) => decoder.push(token)).join("") + decoder.flush()).toBe(text); // prettier-ignore
  });

  it("hands out an incomplete character at the end", () => {
    const decoder = new StreamDecoder(tokenizer);
    expect([0x61, 0xe2, 0x82].map((token) => decoder.push(token)).join("")).toBe("a");
    expect(decoder.flush()).toMatch(/^\uFFFD+$/);
  });
});

describe("StopText", () => {
  const run = (stops: readonly string[], pieces: readonly string[]): string => {
    const stopText = new StopText(stops);
    let shown = "";
    for (const piece of pieces) {
      const { text, isStopped } = stopText.push(piece);
      shown += text;
      if (isStopped) return `${shown}|`;
    }
    return shown + stopText.flush();
  };

  it("ends before a stop text, also one spread over pieces", () => {
    expect(run(["\n\n"], ["a\n", "\nb"])).toBe("a|");
    expect(run(["END"], ["aE", "N", "Db"])).toBe("a|");
    expect(run(["bc", "ab"], ["xabc"])).toBe("x|");
  });

  it("loses nothing of what only began like one", () => {
    expect(run(["END"], ["aE", "N", "x"])).toBe("aENx");
    expect(run(["END"], ["EEN", "END"])).toBe("EEN|");
    expect(run(["END"], ["aEN"])).toBe("aEN");
    expect(run([], ["a", "b"])).toBe("ab");
  });
});
