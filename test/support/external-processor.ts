import assert from "node:assert/strict";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";
import { loadDefinitions, serviceAt } from "../../src/envoy/protocol.ts";

/** `ExternalProcessor` by its `.proto` file, against which the codec written by hand is tested. */
export function loadExternalProcessor(): ServiceDefinition {
  const root = loadDefinitions(["envoy/service/ext_proc/v3/external_processor.proto"]);
  return serviceAt(root, "envoy.service.ext_proc.v3.ExternalProcessor");
}

/** Its one method. */
export function loadProcess(): MethodDefinition<object, object> {
  const { Process } = loadExternalProcessor();
  assert(Process, "proto/ has the method Process");
  return Process;
}
