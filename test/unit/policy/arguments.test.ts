import { expect, test } from "vitest";
import { argumentFacts } from "../../../src/policy/arguments.ts";
import { jsonText } from "./examples.ts";

function factsOf(json: string) {
  return argumentFacts(jsonText(json).node);
}

test("argumentFacts passes what is small as it is", () => {
  const json = '{"a":"text","n":1.5,"t":true,"z":null,"list":[1,{"b":"c"}]}';
  expect(factsOf(json)).toEqual({ arguments: JSON.parse(json), truncated: [] });
});

test.each([
  { title: "256 bytes of text", json: `{"a":"${"x".repeat(256)}"}`, truncated: [] },
  {
    title: "257 bytes of text",
    json: `{"a":"${"x".repeat(257)}"}`,
    truncated: ["/params/arguments/a"],
  },
  { title: "256 bytes in fewer characters", json: `{"a":"${"é".repeat(128)}"}`, truncated: [] },
  {
    title: "258 bytes in 129 characters",
    json: `{"a":"${"é".repeat(129)}"}`,
    truncated: ["/params/arguments/a"],
  },
  {
    title: "an integer beyond 2^53",
    json: '{"a":9007199254740993}',
    truncated: ["/params/arguments/a"],
  },
  { title: "a number beyond all", json: '{"a":[1e999]}', truncated: ["/params/arguments/a/0"] },
  {
    title: "a long list",
    json: `{"a":[${"1,".repeat(300)}1]}`,
    truncated: ["/params/arguments/a"],
  },
  {
    title: "deep nesting",
    json: `{"a":${"[".repeat(20)}${"]".repeat(20)}}`,
    truncated: ["/params/arguments/a/0/0/0/0/0/0/0/0"],
  },
  {
    title: "a long key below",
    json: `{"a/b":{"${"k".repeat(300)}":1}}`,
    truncated: ["/params/arguments/a~1b"],
  },
  { title: "a long key", json: `{"${"k".repeat(300)}":1}`, truncated: ["/params/arguments"] },
])("argumentFacts leaves out of $title: $truncated", ({ json, truncated }) => {
  expect(factsOf(json).truncated).toEqual(truncated);
});

test("argumentFacts keeps to 1 KB of text in all and tells the size of the rest", () => {
  const text = "x".repeat(250);
  const facts = factsOf(JSON.stringify({ a: text, b: text, c: text, d: text, e: text }));
  expect(facts.truncated).toEqual(["/params/arguments/e"]);
  expect(facts.arguments.e).toEqual({ $bytes: 250 });
});

test("argumentFacts names the arguments as a whole when too much is left out", () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [at, "x".repeat(300)]));
  expect(factsOf(JSON.stringify(many)).truncated).toEqual(["/params/arguments"]);
});

test("argumentFacts keeps a key called __proto__ a key", () => {
  const facts = factsOf('{"__proto__":{"allow":true}}');
  expect(Object.keys(facts.arguments)).toEqual(["__proto__"]);
  expect(JSON.stringify(facts.arguments)).toBe('{"__proto__":{"allow":true}}');
});

test("argumentFacts of no arguments are empty, of anything but an object left out", () => {
  expect(argumentFacts(undefined)).toEqual({ arguments: {}, truncated: [] });
  const [member] = jsonText('{"a":[1]}').node.members;
  expect(argumentFacts(member?.value)).toEqual({ arguments: {}, truncated: ["/params/arguments"] });
});
