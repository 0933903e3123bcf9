/**
 * The system calls a sandboxed command is refused, as a seccomp filter for `bwrap --seccomp`.
 *
 * Namespaces, capabilities and mounts are bubblewrap's; this closes what they leave to an unprivileged process: new user
 * namespaces (and with them most of the kernel's privileged code), keyrings, which no namespace separates, and
 * interfaces with a history of escapes. `clone3` hides its flags behind a pointer, so it is answered as by an old kernel
 * and libraries fall back to `clone`.
 *
 * Format: classic BPF (struct sock_filter) over struct seccomp_data; see seccomp(2).
 */

/** The machine's own numbers: audit architecture, and calls by number from the kernel's tables. */
interface Machine {
  audit: number;
  clone: number;
  unshare: number;
  refused: readonly number[];
  /** Numbers from here on are another calling convention of the same machine. */
  foreign?: number;
}

const clone3 = 435;
const ioUring = [425, 426, 427];
const machines: Readonly<Record<string, Machine>> = {
  // unshare 272, clone 56; add_key, request_key, keyctl, bpf, perf_event_open, userfaultfd, setns
  x64: {
    audit: 0xc000003e,
    clone: 56,
    unshare: 272,
    refused: [248, 249, 250, 321, 298, 323, 308, ...ioUring],
    foreign: 0x40000000,
  },
  arm64: { audit: 0xc00000b7, clone: 220, unshare: 97, refused: [217, 218, 219, 280, 241, 282, 268, ...ioUring] },
};

const newUserNamespace = 0x10000000;
const allow = 0x7fff0000;
const kill = 0x80000000;
const errno = (code: number): number => 0x00050000 | code;
const [EPERM, ENOSYS] = [1, 38];

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];
/** `if…` carries out what follows, or leaves out as many instructions as `otherwise` says. */
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const ifEqual = (value: number, otherwise: number): Instruction => [0x15, 0, otherwise, value];
const unlessEqual = (value: number, otherwise: number): Instruction => [0x15, otherwise, 0, value];
const ifAtLeast = (value: number, otherwise: number): Instruction => [0x35, 0, otherwise, value];
const ifAnyBit = (value: number, otherwise: number): Instruction => [0x45, 0, otherwise, value];
const answer = (value: number): Instruction => [0x06, 0, 0, value];
/** Offsets in struct seccomp_data; the low half of the first argument on a little-endian machine. */
const [number, architecture, firstArgument] = [0, 4, 16];

/** The filter for this machine; nothing for one whose numbers are not known here. */
export function seccompFilter(arch: string = process.arch): Buffer | undefined {
  const machine = machines[arch];
  if (!machine) return undefined;
  const program: Instruction[] = [
    load(architecture),
    unlessEqual(machine.audit, 1),
    answer(kill),
    load(number),
    ...(machine.foreign ? [ifAtLeast(machine.foreign, 1), answer(errno(EPERM))] : []),
    ...machine.refused.flatMap((call) => [ifEqual(call, 1), answer(errno(EPERM))]),
    ifEqual(clone3, 1),
    answer(errno(ENOSYS)),
    ...[machine.clone, machine.unshare].flatMap((call) => [
      ifEqual(call, 4),
      load(firstArgument),
      ifAnyBit(newUserNamespace, 1),
      answer(errno(EPERM)),
      answer(allow),
    ]),
    answer(allow),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, value], at) => {
    bytes.writeUInt16LE(code, at * 8);
    bytes.writeUInt8(ifTrue, at * 8 + 2);
    bytes.writeUInt8(ifFalse, at * 8 + 3);
    bytes.writeUInt32LE(value, at * 8 + 4);
  });
  return bytes;
}
