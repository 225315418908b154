/** What both showcase servers have to offer, so that the same tour leads through them. */

/** A PNG of one pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Silence: the head of a WAV file and no samples. */
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

/** One of each kind of content that a result may hold. */
export const GALLERY = [
  { type: "text" as const, text: "grüße ☃ 😀", annotations: { audience: ["user" as const] } },
  { type: "image" as const, data: PIXEL, mimeType: "image/png" },
  { type: "audio" as const, data: SILENCE, mimeType: "audio/wav" },
  {
    type: "resource" as const,
    resource: { uri: "memo://today", mimeType: "text/plain", text: "buy milk" },
  },
  {
    type: "resource" as const,
    resource: { uri: "memo://pixel", mimeType: "image/png", blob: PIXEL },
  },
  {
    type: "resource_link" as const,
    uri: "memo://tomorrow",
    name: "tomorrow",
    mimeType: "text/plain",
    description: "What is to come",
  },
];

const DAYS = ["monday", "tuesday", "thursday"];

export function daysLike(start: string): string[] {
  return DAYS.filter((day) => day.startsWith(start));
}

export const SCHEMA_OF_ELICITATION = {
  type: "object" as const,
  properties: { name: { type: "string" as const, title: "Your name" } },
  required: ["name"],
};
