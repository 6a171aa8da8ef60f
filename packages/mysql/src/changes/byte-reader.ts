/** Reads one packet of the server from front to back. Reading past its end throws a `RangeError`. */
export class ByteReader {
  readonly buffer: Buffer;
  offset: number;

  constructor(buffer: Buffer, offset = 0) {
    this.buffer = buffer;
    this.offset = offset;
  }

  get left(): number {
    return this.buffer.length - this.offset;
  }

  uint8(): number {
    const value = this.buffer.readUInt8(this.offset);
    this.offset += 1;
    return value;
  }

  uint16(): number {
    const value = this.buffer.readUInt16LE(this.offset);
    this.offset += 2;
    return value;
  }

  uint32(): number {
    const value = this.buffer.readUInt32LE(this.offset);
    this.offset += 4;
    return value;
  }

  /** At most 48 bits, the lowest byte first. */
  uint(bytes: number): number {
    const value = this.buffer.readUIntLE(this.offset, bytes);
    this.offset += bytes;
    return value;
  }

  /** At most 48 bits with a sign, the lowest byte first. */
  int(bytes: number): number {
    const value = this.buffer.readIntLE(this.offset, bytes);
    this.offset += bytes;
    return value;
  }

  /** At most 48 bits, the highest byte first. */
  uintBigEndian(bytes: number): number {
    const value = this.buffer.readUIntBE(this.offset, bytes);
    this.offset += bytes;
    return value;
  }

  uint64(): bigint {
    const value = this.buffer.readBigUInt64LE(this.offset);
    this.offset += 8;
    return value;
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    const start = this.pass(length);
    return this.buffer.subarray(start, this.offset);
  }

  /** In UTF-8. Without a view: views cost more than most texts. */
  text(length: number): string {
    const start = this.pass(length);
    return this.buffer.toString('utf8', start, this.offset);
  }

  skip(length: number): void {
    this.offset += length;
  }

  /** Passes bytes that are there. @returns where they begin */
  pass(length: number): number {
    const start = this.offset;
    const end = start + length;
    if (length < 0 || end > this.buffer.length) {
      throw new RangeError(`${length} bytes at ${start} of ${this.buffer.length}`);
    }
    this.offset = end;
    return start;
  }

  /** "Protocol::LengthEncodedInteger" of MySQL's documentation of its sources. */
  lengthEncoded(): number {
    const first = this.uint8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.uint16();
    if (first === 0xfd) return this.uint(3);
    return Number(this.uint64());
  }

  /**
   * An integer of MySQL's serialization library, in which a tagged GTID is written: as many bytes follow the first as that
   * has ones at its low end (`libs/mysql/serialization/variable_length_integers.h`).
   */
  serializedInteger(): bigint {
    const first = this.uint8();
    let following = 0;
    while (following < 8 && ((first >> following) & 1) === 1) following++;
    if (following === 8) return this.uint64();
    let high = 0n;
    for (let index = 0; index < following; index++) high |= BigInt(this.uint8()) << BigInt(8 * index);
    return BigInt(first >> (following + 1)) | (high << BigInt(7 - following));
  }
}
