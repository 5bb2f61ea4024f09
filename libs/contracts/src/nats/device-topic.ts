const TOPIC_LEVEL = /^[A-Za-z0-9_:-]+$/;

/** Branches of the subject tree that are not for devices: requests, events, logs and reply inboxes. */
const RESERVED_ROOTS: readonly string[] = ['rw', '_INBOX'];

/** The NATS subject of an MQTT topic; throws `RangeError` for wildcards, dots, spaces, empty levels, reserved roots. */
export function deviceSubject(topic: string): string {
  return toSubject(topic, (level) => TOPIC_LEVEL.test(level));
}

/** The NATS subject filter of an MQTT topic filter, in which `+` stands for one level below the first. */
export function deviceSubjectFilter(topicFilter: string): string {
  return toSubject(topicFilter, (level, index) => TOPIC_LEVEL.test(level) || (level === '+' && index > 0));
}

/** The MQTT topic of a NATS subject. */
export function deviceTopic(subject: string): string {
  return subject.replaceAll('.', '/');
}

function toSubject(topic: string, isLevel: (level: string, index: number) => boolean): string {
  const levels = topic.split('/');
  if (!levels.every(isLevel) || RESERVED_ROOTS.includes(levels[0] ?? '')) {
    throw new RangeError(`not a device topic: ${JSON.stringify(topic)}`);
  }
  return levels.map((level) => (level === '+' ? '*' : level)).join('.');
}
