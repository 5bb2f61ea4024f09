export { CidrField, IdcField, InstantField, Ipv4Field, MacField, SnField } from './domain-fields.js';
export { fieldsOf, type FieldSpec } from './field-registry.js';
export { BooleanField, EnumField, IntegerField, NumberField, ParsedField, TextField } from './scalar-fields.js';
export {
  JsonField,
  ObjectField,
  ObjectListField,
  RawListField,
  TextListField,
  TextMapField,
} from './structured-fields.js';
