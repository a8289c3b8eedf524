import { learningCases } from "./learning_cases.ts";
import { V4 } from "./loopback_lan.ts";
import { wireCases } from "./wire_cases.ts";

wireCases(V4);
learningCases(V4);
