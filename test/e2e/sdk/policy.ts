/** Two servers may do the same, but one of them may also ask the client. */
export const POLICY = `
policy_id: sdk
version: "1.0"
default: deny
allow_rules:
  - tool: "*"
  - method: "resources/*"
  - method: prompts/get
  - method: completion/complete
  - method: "tasks/*"
  - { method: sampling/createMessage, server: open }
  - { method: elicitation/create, server: open }
  - { method: roots/list, server: open }
`;
