// Binary frames: version, kind, a header as JSON, the arrays one after the other, each at four bytes.

export const PICTURE = 1, POINTS = 2;
const VERSION = 1;
const KINDS = {
  uint8: Uint8Array, int32: Int32Array, float32: Float32Array, float64: Float64Array,
};

/** {kind, header, arrays: {name: {data, shape}}}; null for a frame of another version. */
export function read(buffer) {
  const view = new DataView(buffer);
  if (view.getUint8(0) !== VERSION) return null;
  const kind = view.getUint8(1), length = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const arrays = {};
  let at = 8 + length;
  for (const { name, dtype, shape } of header.arrays) {
    const Kind = KINDS[dtype];
    const count = shape.reduce((product, side) => product * side, 1);
    const size = count * Kind.BYTES_PER_ELEMENT;
    arrays[name] = { data: new Kind(buffer.slice(at, at + size)), shape };
    at += size + ((4 - (size % 4)) % 4);
  }
  return { kind, header, arrays };
}

/** Part `i` of an array along its first axis. */
export function slice({ data, shape }, i) {
  const size = shape.slice(1).reduce((product, side) => product * side, 1);
  return data.subarray(i * size, (i + 1) * size);
}
