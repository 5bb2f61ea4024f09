export {
  embeddedScript,
  findEmbeddedScripts,
  patchEmbeddedScript,
  type EmbeddedScriptFault,
} from './embedded-script.js';
export { type SettingLookup } from './expand-settings.js';
export { formatIpxeScript, type IpxeScriptFault } from './format-ipxe-script.js';
export { interpretIpxeScript, type InterpretOptions, type IpxeRun } from './interpret-ipxe-script.js';
export { type IpxeImage, type IpxeOutcome, type IpxeReply, type IpxeRequest } from './ipxe-host.js';
export { FIRST_DISK, ipxe, type IpxeCommand, type IpxeStatement } from './ipxe-statement.js';
export { expansion, ipxeWord, ipxeWords, type IpxeExpansion, type IpxeFault, type IpxeText } from './ipxe-word.js';
export { kernelArg } from './kernel-arg.js';
export {
  isIpxeScript,
  parseIpxeScript,
  type IpxeProgram,
  type ParsedCommand,
  type ParsedLine,
  type RunCondition,
} from './parse-ipxe-script.js';
