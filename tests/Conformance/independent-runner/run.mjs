// Fills exclusions.tsv's last column: what onnxruntime-node, which shares nothing with Bedplate but ONNX Runtime
// itself, says to each excluded case. Run by hand when a case is added or ONNX Runtime is updated:
//
//   node tests/Conformance/independent-runner/run.mjs
//
// A case that passes here must not be excluded: the file is then left as it is.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const data = '/usr/share/libonnx-testdata/data';
const file = join(import.meta.dirname, '..', 'exclusions.tsv');

// Each case has a process to itself, which it may take along.
function errorOf(name) {
  try {
    const output = execFileSync(process.execPath, [join(import.meta.dirname, 'case.mjs'), join(data, name)], { stdio: ['ignore', 'pipe', 'ignore'] });
    return JSON.parse(output.toString().trimEnd().split('\n').at(-1)).error;
  } catch (exception) {
    return exception.signal ? `the process ended by ${exception.signal}` : exception.message;
  }
}

const passing = [];
const lines = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => {
  if (line.startsWith('#')) return line;
  const [name, reason] = line.split('\t');
  const error = errorOf(name);
  if (error === null) passing.push(name);
  return [name, reason, (error ?? '').trim().replace(/\s+/g, ' ')].join('\t');
});

if (passing.length > 0) {
  console.error(`These cases pass here; take them out of exclusions.tsv: ${passing.join(', ')}`);
  process.exit(1);
}

writeFileSync(file, lines.join('\n') + '\n');
