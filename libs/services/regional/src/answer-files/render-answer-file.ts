import type { TemplateEngine, TemplateFault } from '@rackwright/contracts';
import { fail, ok, type Result } from '@rackwright/kernel';
import { autoinstallTemplate, metaDataTemplate, vendorDataTemplate } from './autoinstall-template.js';
import { kickstartTemplate } from './kickstart-template.js';
import { preseedTemplate } from './preseed-template.js';
import { templateFacts, type AnswerFileInput, type FactFault } from './template-facts.js';

/** The files an unattended installer asks for. */
const answerFileKinds = ['preseed', 'kickstart', 'user-data', 'meta-data', 'vendor-data'] as const;
export type AnswerFileKind = (typeof answerFileKinds)[number];

export type AnswerFileFault =
  | FactFault
  | TemplateFault
  | { readonly code: 'format-mismatch'; readonly format: AnswerFileInput['profile']['format'] };

const formatOf: Readonly<Record<AnswerFileKind, AnswerFileInput['profile']['format']>> = {
  preseed: 'preseed',
  kickstart: 'kickstart',
  'user-data': 'autoinstall',
  'meta-data': 'autoinstall',
  'vendor-data': 'autoinstall',
};

const builtinTemplates: Readonly<Record<AnswerFileKind, string>> = {
  preseed: preseedTemplate,
  kickstart: kickstartTemplate,
  'user-data': autoinstallTemplate,
  'meta-data': metaDataTemplate,
  'vendor-data': vendorDataTemplate,
};

/** The files of a profile's format, the one that counts first; none for the install agent. */
export function answerFilesOf(format: AnswerFileInput['profile']['format']): readonly AnswerFileKind[] {
  return answerFileKinds.filter((kind) => formatOf[kind] === format);
}

/** A profile's own template replaces the main file of its format; the others stay built in. */
function templateOf(kind: AnswerFileKind, { profile }: AnswerFileInput): string {
  const [main] = answerFilesOf(profile.format);
  return kind === main && profile.template !== undefined ? profile.template : builtinTemplates[kind];
}

/** One answer file of a task. Values that could mean something else in the file's language are refused by name. */
export function renderAnswerFile(
  kind: AnswerFileKind,
  input: AnswerFileInput,
  templates: TemplateEngine,
): Result<string, AnswerFileFault> {
  const { format } = input.profile;
  if (formatOf[kind] !== format) return fail({ code: 'format-mismatch', format });
  const facts = templateFacts(input);
  if (!facts.ok) return facts;
  const rendered = templates.render(templateOf(kind, input), facts.value);
  return rendered.ok ? ok(rendered.value) : fail(rendered.fault);
}
