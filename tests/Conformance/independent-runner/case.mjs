// Runs one case of libonnx-testdata with onnxruntime-node: node case.mjs DIRECTORY
// The last line says what came of it, as JSON: {"error": null} when every output is as expected.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readModel, readTensor } from './onnx-file.mjs';

// As the ONNX project's own runner compares (onnx.backend.test).
const RelativeTolerance = 1e-3;
const AbsoluteTolerance = 1e-7;

const directory = process.argv[2];
const dataSet = join(directory, 'test_data_set_0');

function countOf(prefix) {
  return readdirSync(dataSet).filter((name) => name.startsWith(prefix)).length;
}

function halfToNumber(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const magnitude =
    exponent === 31 ? (fraction === 0 ? Infinity : NaN)
    : exponent === 0 ? fraction * 2 ** -24
    : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
}

function areClose(actual, expected, type) {
  if (type === 'float16') return areClose(halfToNumber(actual), halfToNumber(expected), 'float32');
  if (type !== 'float32' && type !== 'float64') return actual === expected;
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  return actual === expected || Math.abs(actual - expected) <= AbsoluteTolerance + RelativeTolerance * Math.abs(expected);
}

function compare(name, actual, expected) {
  if (actual.type !== expected.type) return `output '${name}' is ${actual.type}, expected ${expected.type}`;
  if (actual.dims.join() !== expected.dims.join()) return `output '${name}' has shape [${actual.dims}], expected [${expected.dims}]`;
  for (let i = 0; i < expected.data.length; i++) {
    if (!areClose(actual.data[i], expected.data[i], expected.type)) {
      return `output '${name}'[${i}] is ${actual.data[i]}, expected ${expected.data[i]}`;
    }
  }
  return null;
}

async function run() {
  const model = readModel(join(directory, 'model.onnx'));
  const session = await InferenceSession.create(join(directory, 'model.onnx'), { logSeverityLevel: 4 });
  const feeds = {};
  for (let i = 0; i < countOf('input_'); i++) {
    const { name, kind } = model.inputs[i];

    // There are no values but tensors to feed; what the runner says to anything else is its answer.
    const value = kind === 'tensor' ? readTensor(join(dataSet, `input_${i}.pb`)) : null;
    feeds[name] = value === null ? [] : new Tensor(value.type, value.data, value.dims);
  }

  const results = await session.run(feeds);
  for (let i = 0; i < countOf('output_'); i++) {
    const { name, kind } = model.outputs[i];
    if (kind !== 'tensor') return `output '${name}' is a ${kind}, which this runner does not compare`;
    const fault = compare(name, results[name], readTensor(join(dataSet, `output_${i}.pb`)));
    if (fault !== null) return fault;
  }

  return null;
}

let error;
try {
  error = await run();
} catch (exception) {
  error = exception.message;
}

console.log(JSON.stringify({ error }));
