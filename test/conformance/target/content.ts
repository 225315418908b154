import type { WireResult } from "./tool.ts";

/** A PNG of one red pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** A WAV file of one sample. */
const CLICK = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=";

const IMAGE = { type: "image", data: PIXEL, mimeType: "image/png" };

function embedded(uri: string, mimeType: string, text: string) {
  return { type: "resource", resource: { uri, mimeType, text } };
}

/** Tools that always answer the same, by name. */
export const CONSTANT_RESULTS: { readonly [tool: string]: WireResult } = {
  test_simple_text: {
    content: [{ type: "text", text: "This is a simple text response for testing." }],
  },
  test_image_content: { content: [IMAGE] },
  test_audio_content: { content: [{ type: "audio", data: CLICK, mimeType: "audio/wav" }] },
  test_embedded_resource: {
    content: [
      embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."),
    ],
  },
  test_multiple_content_types: {
    content: [
      { type: "text", text: "Multiple content types test:" },
      IMAGE,
      embedded(
        "test://mixed-content-resource",
        "application/json",
        JSON.stringify({ test: "data", value: 123 }),
      ),
    ],
  },
};

export interface TargetResource {
  readonly uri: string;
  readonly name: string;
  readonly mimeType: string;
  readonly contents: object;
}

export const RESOURCES: readonly TargetResource[] = [
  {
    uri: "test://static-text",
    name: "static-text",
    mimeType: "text/plain",
    contents: { text: "This is the content of the static text resource." },
  },
  {
    uri: "test://static-binary",
    name: "static-binary",
    mimeType: "image/png",
    contents: { blob: PIXEL },
  },
  {
    uri: "test://watched-resource",
    name: "watched-resource",
    mimeType: "text/plain",
    contents: { text: "Watched resource content" },
  },
];

export const TEMPLATE = {
  uriTemplate: "test://template/{id}/data",
  name: "template",
  mimeType: "application/json",
} as const;

/** What a resource of `TEMPLATE` holds. */
export function templateContents(uri: string, id: string): WireResult {
  const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { contents: [{ uri, mimeType: TEMPLATE.mimeType, text }] };
}

/** Null if there is no such resource. */
export function readResource(uri: string): WireResult | null {
  const found = RESOURCES.find((resource) => resource.uri === uri);
  if (found) return { contents: [{ uri, mimeType: found.mimeType, ...found.contents }] };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  return id === undefined ? null : templateContents(uri, id);
}

export interface TargetPrompt {
  readonly name: string;
  readonly description: string;
  readonly arguments: readonly string[];
  messages(args: { readonly [name: string]: string }): readonly object[];
}

export const PROMPTS: readonly TargetPrompt[] = [
  {
    name: "test_simple_prompt",
    description: "A prompt without arguments",
    arguments: [],
    messages: () => [says("This is a simple prompt for testing.")],
  },
  {
    name: "test_prompt_with_arguments",
    description: "A prompt with two arguments",
    arguments: ["arg1", "arg2"],
    messages: ({ arg1, arg2 }) => [says(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  },
  {
    name: "test_prompt_with_embedded_resource",
    description: "A prompt that embeds a resource",
    arguments: ["resourceUri"],
    messages: ({ resourceUri = "" }) => [
      {
        role: "user",
        content: embedded(resourceUri, "text/plain", "Embedded resource content for testing."),
      },
      says("Please process the embedded resource above."),
    ],
  },
  {
    name: "test_prompt_with_image",
    description: "A prompt with an image",
    arguments: [],
    messages: () => [{ role: "user", content: IMAGE }, says("Please analyze the image above.")],
  },
];

function says(value: string) {
  return { role: "user", content: { type: "text", text: value } };
}
