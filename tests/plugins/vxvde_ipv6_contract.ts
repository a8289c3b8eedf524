/**
 * The contract of plugs on a vxvde network over IPv6. Run in a namespace
 * that has an interface for multicasts.
 *
 * @module
 */

import { learningCases } from "../lib/vxlan/learning_cases.ts";
import { openNodes, V6 } from "../lib/vxlan/loopback_lan.ts";
import { wireCases } from "../lib/vxlan/wire_cases.ts";
import { plugContract } from "../plugin_contract.ts";

plugContract("vxvde over IPv6", { openPair: openNodes(V6) });
wireCases(V6);
learningCases(V6);
