// Compiles every contract in this folder and of the examples, and writes bytecode to `bytecode/`, or
// compares with what is there (`--check`). Metadata is left out, so that the same source gives the same
// bytes everywhere.
import crypto from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import solc from "solc";

const here = path.dirname(new URL(import.meta.url).pathname);
const examples = path.join(here, "../../../examples/contracts/contracts");
const roots = { "inference/": "../../inference/", "attribution/": "../../attribution/", "opengradient/": "../../opengradient/" };

function read(name) {
  if (name.startsWith("countersign/")) return read(name.slice("countersign/".length));
  for (const [prefix, folder] of Object.entries(roots)) {
    if (name.startsWith(prefix)) return fs.readFileSync(path.join(here, folder, name.slice(prefix.length)), "utf8");
  }
  return fs.readFileSync(path.join(here, name), "utf8");
}

const sources = Object.fromEntries(
  [here, examples].flatMap((folder) =>
    fs
      .readdirSync(folder)
      .filter((name) => name.endsWith(".sol"))
      .map((name) => [name, { content: fs.readFileSync(path.join(folder, name), "utf8") }]),
  ),
);
const input = {
  language: "Solidity",
  sources,
  settings: {
    optimizer: { enabled: true, runs: 200 },
    evmVersion: "cancun",
    metadata: { appendCBOR: false, bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["evm.bytecode.object"] } },
  },
};
const output = JSON.parse(
  solc.compile(JSON.stringify(input), { import: (name) => ({ contents: read(name) }) }),
);
const problems = (output.errors ?? []).filter((error) => error.severity === "error");
if (problems.length > 0) {
  for (const problem of problems) console.error(problem.formattedMessage);
  process.exit(1);
}
for (const warning of output.errors ?? []) console.error(warning.formattedMessage);

// What the bytecode was made of, without comments, so that tests notice where a source changed since.
const digest = crypto.createHash("sha256");
for (const folder of ["examples/contracts/contracts", "precompiles/inference", "precompiles/tests/contracts"]) {
  const place = path.join(here, "../../..", folder);
  for (const name of fs.readdirSync(place).filter((name) => name.endsWith(".sol")).sort()) {
    for (const line of fs.readFileSync(path.join(place, name), "utf8").split("\n").map((line) => line.trim())) {
      if (line !== "" && !line.startsWith("//")) digest.update(`${line}\n`);
    }
  }
}

const files = { "sources.sha256": digest.digest("hex") };
for (const source of Object.keys(sources)) {
  for (const [name, contract] of Object.entries(output.contracts[source] ?? {})) {
    const code = contract.evm.bytecode.object;
    if (code !== "") files[`${name}.hex`] = code;
  }
}
let stale = false;
fs.mkdirSync(path.join(here, "bytecode"), { recursive: true });
for (const [name, content] of Object.entries(files)) {
  const file = path.join(here, "bytecode", name);
  if (!process.argv.includes("--check")) {
    fs.writeFileSync(file, `${content}\n`);
    console.log(`${name}: ${content.length / 2} bytes`);
  } else if (!fs.existsSync(file) || fs.readFileSync(file, "utf8").trim() !== content) {
    console.error(`${name}: what is committed is not that of the sources`);
    stale = true;
  }
}
process.exit(stale ? 1 : 0);
