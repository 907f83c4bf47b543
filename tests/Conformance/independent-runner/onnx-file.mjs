// Reads what the runner needs of ONNX files (onnx.proto): a graph's inputs and outputs, and tensors.

import { readFileSync } from 'node:fs';

const Varint = 0;
const Fixed64 = 1;
const LengthDelimited = 2;
const Fixed32 = 5;

/** The fields of a protobuf message: [number, wire type, value], the value a BigInt or a Buffer. */
function* fields(buffer) {
  let position = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      if (position >= buffer.length) throw new Error('the file ends within a number');
      const byte = buffer[position++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
  };
  const bytes = (length) => {
    if (position + length > buffer.length) throw new Error('the file ends within a field');
    position += length;
    return buffer.subarray(position - length, position);
  };
  while (position < buffer.length) {
    const key = Number(varint());
    const type = key & 7;
    const value =
      type === Varint ? varint()
      : type === Fixed64 ? bytes(8)
      : type === LengthDelimited ? bytes(Number(varint()))
      : type === Fixed32 ? bytes(4)
      : null;
    if (value === null) throw new Error(`wire type ${type} is unknown`);
    yield [key >>> 3, type, value];
  }
}

function only(buffer, number) {
  return [...fields(buffer)].filter(([field]) => field === number).map(([, , value]) => value);
}

/** A repeated number field, packed or not. */
function numbers(buffer, number) {
  const values = [];
  for (const [field, type, value] of fields(buffer)) {
    if (field !== number) continue;
    if (type === Varint) {
      values.push(value);
    } else {
      // Packed: the numbers stand behind one another; each is read as the field of an unnamed message.
      for (let rest = value; rest.length > 0; ) {
        let length = 1;
        while (rest[length - 1] >= 0x80) length++;
        let one = 0n;
        for (let i = length - 1; i >= 0; i--) one = (one << 7n) | BigInt(rest[i] & 0x7f);
        values.push(BigInt.asUintN(64, one));
        rest = rest.subarray(length);
      }
    }
  }
  return values;
}

/** What TypeProto is: 'tensor', 'sequence', 'map', 'sparse' or 'optional', and a tensor's element type. */
function valueType(buffer) {
  const kinds = { 1: 'tensor', 4: 'sequence', 5: 'map', 8: 'sparse', 9: 'optional' };
  for (const [field, , value] of fields(buffer)) {
    if (field in kinds) {
      return { kind: kinds[field], element: field === 1 ? Number(numbers(value, 1)[0]) : 0 };
    }
  }
  return { kind: 'unknown', element: 0 };
}

/** A model's inputs and outputs, those left out that an initializer stands for. */
export function readModel(path) {
  const graph = only(readFileSync(path), 7)[0];
  const initialized = new Set(only(graph, 5).map((tensor) => only(tensor, 8)[0]?.toString()));
  const values = (field) => only(graph, field).map((info) => ({
    name: only(info, 1)[0].toString(),
    ...valueType(only(info, 2)[0]),
  }));
  return { inputs: values(11).filter(({ name }) => !initialized.has(name)), outputs: values(12) };
}

/** TensorProto.DataType: onnxruntime-node's name, the array, how to read an element, its bytes, the typed field. */
const elements = {
  1: ['float32', Float32Array, (b, i) => b.readFloatLE(i), 4, 4],
  2: ['uint8', Uint8Array, (b, i) => b.readUInt8(i), 1, 5],
  3: ['int8', Int8Array, (b, i) => b.readInt8(i), 1, 5],
  4: ['uint16', Uint16Array, (b, i) => b.readUInt16LE(i), 2, 5],
  5: ['int16', Int16Array, (b, i) => b.readInt16LE(i), 2, 5],
  6: ['int32', Int32Array, (b, i) => b.readInt32LE(i), 4, 5],
  7: ['int64', BigInt64Array, (b, i) => b.readBigInt64LE(i), 8, 7],
  9: ['bool', Uint8Array, (b, i) => b.readUInt8(i), 1, 5],
  10: ['float16', Uint16Array, (b, i) => b.readUInt16LE(i), 2, 5],
  11: ['float64', Float64Array, (b, i) => b.readDoubleLE(i), 8, 10],
  12: ['uint32', Uint32Array, (b, i) => b.readUInt32LE(i), 4, 11],
  13: ['uint64', BigUint64Array, (b, i) => b.readBigUInt64LE(i), 8, 11],
};

/** Reads a TensorProto: { type, dims, data }. */
export function readTensor(path) {
  const buffer = readFileSync(path);
  const dims = numbers(buffer, 1).map(Number);
  const element = Number(numbers(buffer, 2)[0]);
  if (element === 8) {
    return { type: 'string', dims, data: only(buffer, 6).map((text) => text.toString()) };
  }

  if (!(element in elements)) throw new Error(`onnxruntime-node has no tensors of ONNX's element type ${element}`);
  const [type, TypedArray, read, size, field] = elements[element];
  const raw = only(buffer, 9)[0];
  if (raw !== undefined) {
    return { type, dims, data: TypedArray.from({ length: raw.length / size }, (_, i) => read(raw, i * size)) };
  }

  if (field === 4 || field === 10) {
    const packed = Buffer.concat(only(buffer, field));
    return { type, dims, data: TypedArray.from({ length: packed.length / size }, (_, i) => read(packed, i * size)) };
  }

  const isBig = type === 'int64' || type === 'uint64';
  return { type, dims, data: TypedArray.from(numbers(buffer, field), (value) => (isBig ? value : Number(BigInt.asIntN(64, value)))) };
}
