const SECTOR_OCTETS = 512;
const LOAD_ADDRESS = 0x7c00;

/** 16-bit code that writes the text behind it, up to a zero octet, to the first serial port and halts. */
const CODE = [
  0xfa, // cli
  ...[0x31, 0xc0], // xor ax, ax
  ...[0x8e, 0xd8], // mov ds, ax
  ...[0xbe, 0x00, 0x00], // mov si, text
  0xac, // next: lodsb
  ...[0x84, 0xc0], // test al, al
  ...[0x74, 0x06], // jz halt
  ...[0xba, 0xf8, 0x03], // mov dx, 0x3f8
  0xee, // out dx, al
  ...[0xeb, 0xf5], // jmp next
  0xf4, // halt: hlt
  ...[0xeb, 0xfd], // jmp halt
];
const TEXT_OPERAND = 6;

/** A disk of one megabyte whose boot sector does nothing but write `text` (ASCII) to the serial port. */
export function diskThatSays(text: string): Uint8Array {
  const message = Buffer.from(`${text}\r\n\0`, 'latin1');
  if (CODE.length + message.length > SECTOR_OCTETS - 2) throw new RangeError('the text does not fit a boot sector');
  const disk = Buffer.alloc(1024 * 1024);
  disk.set(CODE, 0);
  disk.writeUInt16LE(LOAD_ADDRESS + CODE.length, TEXT_OPERAND);
  disk.set(message, CODE.length);
  disk.writeUInt16BE(0x55aa, SECTOR_OCTETS - 2);
  return disk;
}
