/**
 * attention: softmax of scores and their mix of values without storing a score, by the running maximum and sum of
 * Milakov and Gimelshein 2018 (arXiv:1805.02867) in blocks of keys (Dao et al. 2022, arXiv:2205.14135). Blocks lie at
 * multiples of a fixed length, so the cache's capacity does not change the arithmetic; those before a window are
 * skipped. Soft cap, bias and slopes change a score once it is known, a sink is where maximum and sum start.
 *
 * With one lane, an invocation takes one query of one head. With lanes, a workgroup does: an invocation scores one
 * key of the block, and then mixes its share of the channels.
 */
import { tileAttr } from "../attributes.ts";
import { attentionByInvocation } from "./attention-by-invocation.ts";
import { attentionByWorkgroup } from "./attention-by-workgroup.ts";
import type { Emission, LaunchShape } from "./schedule.ts";

export function attention(emission: Emission): LaunchShape {
  const lanes = tileAttr(emission.spec.attrs, "lanes", emission.info.tiles.attention.lanes);
  const usesWorkgroup = lanes > 1 && emission.info.hasWorkgroupMemory;
  return usesWorkgroup ? attentionByWorkgroup(emission, lanes) : attentionByInvocation(emission);
}
