// Command line options shared by the platforms.
import { parseArgs } from "node:util";

const shared = {
  port: { type: "string", default: "0", help: "port to listen on; 0 chooses a free one" },
  host: { type: "string", default: "127.0.0.1", help: "address to listen on" },
  "port-file": { type: "string", help: "file to write the port to, once ready" },
  state: { type: "string", help: "append-only file that keeps committed records over a kill" },
  "log-keep": { type: "string", default: "200000", help: "how many requests the log keeps" },
  help: { type: "boolean", help: "this text" },
};

/** Parses process arguments by a table of {name: {type, default, help}}; ends the process on --help or nonsense. */
export function options(name, own) {
  const all = { ...shared, ...own };
  const plain = Object.fromEntries(Object.entries(all).map(([k, { type, multiple }]) => [k, { type, multiple: !!multiple }]));
  let values;
  try {
    values = parseArgs({ options: plain, strict: true }).values;
  } catch (error) {
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exit(64);
  }
  if (values.help) { process.stdout.write(usage(name, all)); process.exit(0); }
  for (const [key, { default: fallback }] of Object.entries(all)) if (values[key] === undefined) values[key] = fallback;
  return values;
}

function usage(name, all) {
  const rows = Object.entries(all).map(([key, o]) => {
    const left = `  --${key}${o.type === "string" ? " X" : ""}`;
    return `${left.padEnd(26)}${o.help}${o.default !== undefined && o.default !== "" ? ` [${o.default}]` : ""}`;
  });
  return `node tests/sandbox/${name}/server.mjs [options]\n\n${rows.join("\n")}\n`;
}
