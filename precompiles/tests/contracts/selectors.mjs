// Writes the selector of every function of an interface into its source, as `@custom:selector`.
import fs from "node:fs";
import path from "node:path";
import solc from "solc";

const here = path.dirname(new URL(import.meta.url).pathname);
for (const [folder, name] of [["attribution", "IAttribution"], ["inference", "IInference"], ["opengradient", "IOpenGradient"]]) {
  const file = path.join(here, "../..", folder, `${name}.sol`);
  const content = fs.readFileSync(file, "utf8");
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: { source: { content } },
        settings: { outputSelection: { "*": { "*": ["evm.methodIdentifiers"] } } },
      }),
    ),
  );
  const identifiers = output.contracts?.source?.[name]?.evm.methodIdentifiers;
  if (!identifiers) throw new Error((output.errors ?? []).map((error) => error.formattedMessage).join("\n"));
  const byName = Object.fromEntries(Object.entries(identifiers).map(([signature, id]) => [signature.split("(")[0], id]));
  const lines = [];
  let inside = false;
  for (const line of content.split("\n")) {
    if (line.startsWith("interface ")) inside = line.startsWith(`interface ${name} `);
    if (inside && line.includes("@custom:selector")) continue;
    const match = inside && line.match(/^( *)function (\w+)\(/);
    if (match) lines.push(`${match[1]}/// @custom:selector 0x${byName[match[2]]}`);
    lines.push(line);
  }
  fs.writeFileSync(file, lines.join("\n"));
}
