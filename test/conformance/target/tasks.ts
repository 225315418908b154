import { randomUUID } from "node:crypto";

import { formOf } from "./schemas.ts";
import { NO_ARGUMENTS, type Schema, text, type WireResult } from "./tool.ts";

/** The extension of MCP 2026-07-28 (SEP-2663), which the SDK does not have. */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
/** What a scenario calls a second: it wants to see tasks at work, not to wait for them. */
const SECOND_MS = 100;

/** Tools that become tasks for clients that know of tasks; others get their result at once. */
export const TASK_TOOLS: readonly { readonly name: string; readonly inputSchema: Schema }[] = [
  { name: "slow_compute", inputSchema: { type: "object", properties: {} } },
  { name: "failing_job", inputSchema: NO_ARGUMENTS },
  { name: "protocol_error_job", inputSchema: NO_ARGUMENTS },
  { name: "confirm_delete", inputSchema: NO_ARGUMENTS },
  { name: "multi_input", inputSchema: NO_ARGUMENTS },
];

/** Asks for a name by its result, and becomes a task once it has it. */
export const ASKING_TASK_TOOL = "test_tool_with_task";
/** Cannot be called but as a task. */
const TASK_ONLY_TOOL = "failing_job";

interface Task {
  status: "working" | "input_required" | "completed" | "cancelled" | "failed";
  /** What comes with the status: a result, an error, or what is asked of the client. */
  outcome: { readonly result?: WireResult; readonly error?: object };
  readonly inputRequests: Map<string, object>;
  readonly id: string;
  readonly createdAt: string;
}

interface Params {
  readonly name?: string;
  readonly taskId?: string;
  readonly arguments?: { readonly seconds?: number; readonly label?: string };
  readonly inputResponses?: { readonly [key: string]: unknown };
  readonly _meta?: {
    readonly [CAPABILITIES]?: { readonly extensions?: { readonly [id: string]: unknown } };
  };
}

interface Rpc {
  readonly id: string | number;
  readonly method: string;
  readonly params?: Params;
}

/** Answers what is about tasks; null for all else, which is for the SDK to answer. */
export type TaskHandler = (request: Request) => Promise<Response | null>;

export function createTaskHandler(): TaskHandler {
  const tasks = new Map<string, Task>();
  return async (request) => {
    const rpc = await readRpc(request);
    if (rpc === null) return null;
    const name = nameOf(rpc);
    if (name === null) return null;
    if (!isMirrored(request, rpc.method, name)) {
      return failure(rpc.id, 400, { code: -32020, message: "Header mismatch" });
    }
    return rpc.method === "tools/call" ? answerCall(rpc, tasks) : answerMethod(rpc, name, tasks);
  };
}

const TASK_METHODS: ReadonlySet<string> = new Set(["tasks/get", "tasks/update", "tasks/cancel"]);

/** Of the task, or of the tool that becomes one; null for what is about neither. */
function nameOf({ method, params = {} }: Rpc): string | null {
  if (TASK_METHODS.has(method)) return params.taskId ?? "";
  return method === "tools/call" && becomesTask(params) ? (params.name ?? "") : null;
}

function answerCall({ id, params = {} }: Rpc, tasks: Map<string, Task>): Response | null {
  if (knowsTasks(params)) return success(id, "task", viewOf(create(tasks, params)));
  return params.name === TASK_ONLY_TOOL ? missingCapability(id) : null;
}

function answerMethod(
  { id, method, params = {} }: Rpc,
  taskId: string,
  tasks: ReadonlyMap<string, Task>,
): Response {
  if (!knowsTasks(params)) return missingCapability(id);
  const task = tasks.get(taskId);
  if (!task) return failure(id, 200, { code: -32602, message: "No such task" });
  return success(id, "complete", dispatch(method, task, params));
}

function knowsTasks({ _meta }: Params): boolean {
  return _meta?.[CAPABILITIES]?.extensions?.[TASKS_EXTENSION] !== undefined;
}

async function readRpc(request: Request): Promise<Rpc | null> {
  if (request.method !== "POST") return null;
  const text = await request.clone().text();
  try {
    return JSON.parse(text) as Rpc;
  } catch {
    return null;
  }
}

function isMirrored({ headers }: Request, method: string, name: string): boolean {
  return headers.get("mcp-method") === method && headers.get("mcp-name") === name;
}

function becomesTask({ name, inputResponses }: Params): boolean {
  if (name === ASKING_TASK_TOOL) return inputResponses !== undefined;
  return TASK_TOOLS.some((tool) => tool.name === name);
}

function create(tasks: Map<string, Task>, params: Params): Task {
  const task: Task = {
    id: randomUUID(),
    status: "working",
    outcome: {},
    inputRequests: new Map(askedBy(params.name).map((key) => [key, question(key)])),
    createdAt: new Date().toISOString(),
  };
  tasks.set(task.id, task);
  if (task.inputRequests.size > 0) {
    task.status = "input_required";
    return task;
  }
  const seconds = params.arguments?.seconds ?? 1;
  const finish = (): void => {
    if (task.status !== "working") return;
    task.status = params.name === "protocol_error_job" ? "failed" : "completed";
    task.outcome = outcomeOf(params);
  };
  // A task that nobody waits for any more must not keep the process alive.
  setTimeout(finish, seconds * SECOND_MS).unref();
  return task;
}

function askedBy(tool: string | undefined): readonly string[] {
  if (tool === "confirm_delete") return ["confirm"];
  return tool === "multi_input" ? ["first", "second"] : [];
}

function question(key: string): object {
  const params = { mode: "form", message: `Please answer: ${key}` };
  return {
    method: "elicitation/create",
    params: { ...params, requestedSchema: formOf("confirm", "boolean") },
  };
}

function outcomeOf(params: Params): Task["outcome"] {
  const { name, inputResponses } = params;
  if (name === "protocol_error_job") return { error: { code: -32603, message: "It broke." } };
  if (name === TASK_ONLY_TOOL) return { result: { ...text("It failed."), isError: true } };
  return { result: text(`Done: ${JSON.stringify(inputResponses ?? params.arguments ?? {})}`) };
}

/** `tasks/update` and `tasks/cancel` answer nothing but that they were heard. */
function dispatch(method: string, task: Task, { inputResponses = {} }: Params): object {
  if (method === "tasks/get") return detailsOf(task);
  const isOver = task.status !== "working" && task.status !== "input_required";
  if (method === "tasks/cancel" && !isOver) task.status = "cancelled";
  if (method === "tasks/update" && task.status === "input_required") {
    for (const key of Object.keys(inputResponses)) task.inputRequests.delete(key);
    if (task.inputRequests.size === 0) {
      task.status = "completed";
      task.outcome = { result: text("All answers are there.") };
    }
  }
  return {};
}

function viewOf({ id, status, createdAt }: Task): object {
  const lastUpdatedAt = new Date().toISOString();
  return { taskId: id, status, createdAt, lastUpdatedAt, ttlMs: 600_000, pollIntervalMs: 100 };
}

function detailsOf(task: Task): object {
  const inputRequests = Object.fromEntries(task.inputRequests);
  const asks = task.status === "input_required" ? { inputRequests } : {};
  return { ...viewOf(task), ...task.outcome, ...asks };
}

function missingCapability(id: string | number): Response {
  const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } };
  const message = "Missing required client capability";
  return failure(id, 400, { code: -32021, message, data: { requiredCapabilities } });
}

function success(id: string | number, resultType: string, result: object): Response {
  return Response.json({ jsonrpc: "2.0", id, result: { resultType, ...result } });
}

function failure(id: string | number, status: number, error: object): Response {
  return Response.json({ jsonrpc: "2.0", id, error }, { status });
}
