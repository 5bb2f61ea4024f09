/** Where the fields of a message lie: RFC 2131 section 2, figure 1. */
export const Layout = {
  xid: 4,
  secs: 8,
  flags: 10,
  ciaddr: 12,
  yiaddr: 16,
  siaddr: 20,
  giaddr: 24,
  chaddr: 28,
  sname: 44,
  file: 108,
  cookie: 236,
  options: 240,
} as const;

export const CHADDR_BYTES = 16;
export const SNAME_BYTES = 64;
export const FILE_BYTES = 128;

/** 99.130.83.99: RFC 2131 section 3. */
export const MAGIC_COOKIE = 0x63825363;

/** Bits of option 52: RFC 2132 section 9.3. */
export const Overload = { file: 1, sname: 2 } as const;
