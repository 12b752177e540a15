import protobuf from 'protobufjs';
import { checkValue, type Rules } from './rules.js';
import { envoySchema } from './schema.js';

type Message = Readonly<Record<string, unknown>>;

/**
 * Checks a message against the `validate` annotations of Envoy's proto files, as Envoy does on arrival, through every
 * Any. An Any of a type that the schema does not know is an error: it was not checked.
 *
 * @returns what is wrong, each with the path of the field
 */
export function validateMessage(typeName: string, bytes: Uint8Array): readonly string[] {
  const errors: string[] = [];
  const type = envoySchema().lookupType(typeName);
  check(type, type.decode(bytes) as unknown as Message, '', errors);
  return errors;
}

/** The same for plain objects with the fields of a message, in snake_case; enum values by name. */
export function validateJson(typeName: string, json: object): readonly string[] {
  return validateMessage(typeName, encodeJson(typeName, json));
}

export function encodeJson(typeName: string, json: object): Uint8Array {
  const type = envoySchema().lookupType(typeName);
  return type.encode(type.fromObject(json)).finish();
}

function check(type: protobuf.Type, message: Message, path: string, errors: string[]): void {
  if (type.fullName === '.google.protobuf.Any') return checkAny(message, path, errors);
  for (const oneof of type.oneofsArray) {
    if (!isRequired(oneof)) continue;
    if (!oneof.fieldsArray.some(({ name }) => isSet(message, name)))
      errors.push(`${path}${oneof.name}: is required`);
  }
  for (const field of type.fieldsArray) checkField(field.resolve(), message, path, errors);
}

function checkField(field: protobuf.Field, message: Message, path: string, errors: string[]): void {
  const where = path + field.name;
  const rules = rulesOf(field);
  const value = message[field.name];
  const set = isSet(message, field.name);
  if (rules !== undefined) {
    // Of a oneof only the field that is set counts. Elsewhere a scalar always has a value, a message may be missing.
    if (field.partOf !== null && !set) return;
    const isScalar = !(field.resolvedType instanceof protobuf.Type);
    const found = checkValue(rules, set || isScalar ? value : undefined, field);
    errors.push(...found.map((error) => `${where}: ${error}`));
  }
  if (!set || !(field.resolvedType instanceof protobuf.Type)) return;
  const { resolvedType } = field;
  if (field.map) {
    for (const [key, each] of Object.entries(value as Message))
      check(resolvedType, each as Message, `${where}[${key}].`, errors);
  } else if (field.repeated) {
    for (const [index, each] of (value as readonly Message[]).entries())
      check(resolvedType, each, `${where}[${index}].`, errors);
  } else check(resolvedType, value as Message, `${where}.`, errors);
}

function checkAny(any: Message, path: string, errors: string[]): void {
  const typeName =
    String(any['type_url'] ?? '')
      .split('/')
      .at(-1) ?? '';
  let type: protobuf.Type;
  try {
    type = envoySchema().lookupType(typeName);
  } catch {
    errors.push(`${path}type_url: ${typeName} is not known here`);
    return;
  }
  const value = (any['value'] as Uint8Array | undefined) ?? new Uint8Array(0);
  check(type, type.decode(value) as unknown as Message, `${path}<${type.name}>.`, errors);
}

function isSet(message: Message, name: string): boolean {
  return Object.hasOwn(message, name) && message[name] !== null && message[name] !== undefined;
}

function isRequired(oneof: protobuf.OneOf): boolean {
  return optionsOf(oneof).some((options) => options['(validate.required)'] === true);
}

function rulesOf(field: protobuf.Field): Rules | undefined {
  for (const options of optionsOf(field)) {
    const rules = options['(validate.rules)'];
    if (rules !== undefined) return rules as Rules;
  }
  return undefined;
}

function optionsOf({ parsedOptions }: protobuf.ReflectionObject): readonly Message[] {
  return (parsedOptions as readonly Message[] | null | undefined) ?? [];
}
