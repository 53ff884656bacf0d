// Compiles the contracts in `contracts/` with solc, imports from the chain's interfaces, and writes
// `build/NAME.json` with ABI and bytecode.
import fs from "node:fs";
import path from "node:path";
import solc from "solc";

const here = path.dirname(new URL(import.meta.url).pathname);
const interfaces = path.join(here, "../../precompiles");
const sources = Object.fromEntries(
	fs
		.readdirSync(path.join(here, "contracts"))
		.filter((name) => name.endsWith(".sol"))
		.map((name) => [name, { content: fs.readFileSync(path.join(here, "contracts", name), "utf8") }]),
);
// Interfaces that no contract imports, for the scripts.
for (const name of ["attribution/IAttribution.sol", "opengradient/IOpenGradient.sol"]) {
	sources[name] = { content: fs.readFileSync(path.join(interfaces, name), "utf8") };
}
const output = JSON.parse(
	solc.compile(
		JSON.stringify({
			language: "Solidity",
			sources,
			settings: {
				optimizer: { enabled: true, runs: 200 },
				evmVersion: "cancun",
				remappings: ["countersign/="],
				outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
			},
		}),
		{ import: (name) => ({ contents: fs.readFileSync(path.join(interfaces, name), "utf8") }) },
	),
);
const problems = (output.errors ?? []).filter((error) => error.severity === "error");
if (problems.length > 0) {
	for (const problem of problems) console.error(problem.formattedMessage);
	process.exit(1);
}
fs.mkdirSync(path.join(here, "build"), { recursive: true });
for (const contracts of Object.values(output.contracts)) {
	for (const [name, contract] of Object.entries(contracts)) {
		const { abi, evm } = contract;
		const file = path.join(here, "build", `${name}.json`);
		fs.writeFileSync(file, JSON.stringify({ abi, bytecode: `0x${evm.bytecode.object}` }));
	}
}
