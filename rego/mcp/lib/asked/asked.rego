# METADATA
# title: Asked
# description: |
#   What the packages below `mcp.rules` say, each with the package's name. Whoever is there is asked:
#   this is right for any set of packages, and slow, for it looks in each of them for each word. In
#   a bundle that `impedance policy build` makes there stands, in place of this text, one line for
#   each package and word it says, and the bundle's manifest vouches for it.
# scope: package
package mcp.lib.asked

# METADATA
# description: Who lets the message through.
# scope: document
allow contains name if data.mcp.rules[name].allow

# METADATA
# description: What they have against it.
# scope: document
reasons contains [name, stated] if some stated in data.mcp.rules[name].reasons

# METADATA
# description: What they want redacted in it.
# scope: document
redact contains [name, pointer] if some pointer in data.mcp.rules[name].redact

# METADATA
# description: What they want taken out of it.
# scope: document
remove contains [name, pointer] if some pointer in data.mcp.rules[name].remove

# METADATA
# description: What they want an alias for.
# scope: document
alias contains [name, pointer] if some pointer in data.mcp.rules[name].alias

# METADATA
# description: How they want it padded.
# scope: document
pad contains [name, scheme] if some scheme in data.mcp.rules[name].pad

# METADATA
# description: What they tell the server in headers.
# scope: document
headers contains [name, header, value] if some header, value in data.mcp.rules[name].headers

# METADATA
# description: What they want of the log.
# scope: document
audit contains [name, wanted] if some wanted in data.mcp.rules[name].audit

# METADATA
# description: Who wants the session of the message to end.
# scope: document
end_session contains name if data.mcp.rules[name].end_session
