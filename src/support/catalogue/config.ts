/** LLM03xx: config values, weights and the import of published checkpoints. */
import { entry } from "./entry.ts";

export const CONFIG = {
  LLM0301: entry(
    "an unknown config value",
    "The model declares no config value of this name.",
    "llmc build llama.llm --set dept=2",
    "llmc build llama.llm --set depth=2",
  ),
  LLM0302: entry(
    "a config value of the wrong type",
    "The value given does not have the type that the model declares.",
    "llmc build llama.llm --set depth=two",
    "llmc build llama.llm --set depth=2",
  ),
  LLM0303: entry(
    "a config value is missing",
    "A config value without a default is given from outside.",
    "model Tiny(dim: int) { } // llmc build tiny.llm",
    "model Tiny(dim: int) { } // llmc build tiny.llm --set dim=64",
  ),
  LLM0304: entry(
    "a requirement does not hold",
    "The model states with `require` what its config values must satisfy.",
    "require dim % heads == 0 // dim = 50, heads = 6",
    "require dim % heads == 0 // dim = 48, heads = 6",
  ),
  LLM0305: entry(
    "a number that is no size",
    "A size is at least 1 and below 2^31; a model has at most 10,000 layers in one list.",
    "llmc build llama.llm --set dim=0",
    "llmc build llama.llm --set dim=576",
  ),
  LLM0306: entry(
    "division by zero",
    "A config value of 0 reached a divisor.",
    "let head = dim / heads // heads = 0",
    "let head = dim / heads // heads = 9",
  ),
  LLM0307: entry(
    "a number beyond 2^53",
    "Integers are exact up to 2^53; beyond it no size, offset or count can be trusted.",
    "llmc build llama.llm --set dim=9007199254740993",
    "llmc build llama.llm --set dim=576",
  ),
  LLM0308: entry(
    "no such model",
    "The file declares no model of this name; where it declares several, one is chosen by its name behind the source.",
    "llmc build models.llm#Lama",
    "llmc build models.llm#Llama",
  ),
  LLM0309: entry(
    "a config.json that is not strict JSON",
    "The file is one JSON object without duplicate keys, and its integers lie within 2^53: other readers would silently keep the last key or round.",
    '{ "hidden_size": 48, "hidden_size": 64 }',
    '{ "hidden_size": 48 }',
  ),
  LLM0310: entry(
    "an unsupported family of models",
    "The `model_type` of the config.json has no importer. The model can be written in the language itself.",
    '{ "model_type": "t6" }',
    '{ "model_type": "llama" }',
  ),
  LLM0311: entry(
    "a config.json asks for something that is not supported",
    "The key changes what the model computes, and this value of it is not supported. Ignoring it would give wrong results.",
    '{ "model_type": "llama", "pretraining_tp": 2 }',
    '{ "model_type": "llama", "pretraining_tp": 1 }',
  ),
  LLM0312: entry(
    "an unknown key in a config.json",
    "Each key is used, known to be irrelevant to inference, or refused: an unknown one may change the result.",
    '{ "model_type": "llama", "attention_sinks": 4 }',
    '{ "model_type": "llama", "attention_bias": false }',
  ),
  LLM0313: entry(
    "a key of a config.json is missing or malformed",
    "The key is needed to know the model, and is absent or has another type.",
    '{ "model_type": "llama", "hidden_size": "48" }',
    '{ "model_type": "llama", "hidden_size": 48 }',
  ),
  LLM0314: entry(
    "a template that does not fit its importer",
    "The published example model that an importer fills in must declare a config value for each value it sets.",
    "model Llama(dim: int = 576) { } // the importer also sets `depth`",
    "model Llama(dim: int = 576, depth: int = 30) { }",
  ),
} as const;
