import { expect, test } from "vitest";
import { decodeTraceparent } from "../../../src/core/trace.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

test.each([
  { title: "sampled", text: `00-${TRACE}-${SPAN}-01`, isSampled: true },
  { title: "not sampled", text: `00-${TRACE}-${SPAN}-00`, isSampled: false },
  { title: "with other flags too", text: `00-${TRACE}-${SPAN}-03`, isSampled: true },
  { title: "of a later version", text: `01-${TRACE}-${SPAN}-01`, isSampled: true },
  { title: "of a later version with more", text: `cc-${TRACE}-${SPAN}-01-more`, isSampled: true },
])("a traceparent $title is read", ({ text, isSampled }) => {
  expect(decodeTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, isSampled });
});

test.each([
  { title: "nothing", text: undefined },
  { title: "an empty text", text: "" },
  { title: "capitals", text: `00-${TRACE.toUpperCase()}-${SPAN}-01` },
  { title: "a short trace", text: `00-${TRACE.slice(1)}-${SPAN}-01` },
  { title: "a trace of zeros", text: `00-${"0".repeat(32)}-${SPAN}-01` },
  { title: "a span of zeros", text: `00-${TRACE}-${"0".repeat(16)}-01` },
  { title: "the version that is none", text: `ff-${TRACE}-${SPAN}-01` },
  { title: "more than version 00 has", text: `00-${TRACE}-${SPAN}-01-more` },
  { title: "two of them", text: `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01` },
  { title: "a line behind it", text: `00-${TRACE}-${SPAN}-01\n` },
  { title: "a very long one", text: `01-${TRACE}-${SPAN}-01-${"a".repeat(300)}` },
])("$title is no traceparent", ({ text }) => {
  expect(decodeTraceparent(text)).toBeNull();
});
