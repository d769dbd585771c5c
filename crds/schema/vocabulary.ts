import { z } from 'zod'

/** One CEL rule of the CRD and the sentence a person reads when it fails. */
export type Rule = { rule: string; message: string; fieldPath?: string }

/** `x-kubernetes-validations` for `.meta()`. */
export const rules = (...list: Rule[]): { 'x-kubernetes-validations': Rule[] } => ({ 'x-kubernetes-validations': list })

/** Part of the language, but no engine can do it yet: refused by name instead of silently ignored. */
export const notYet = (name: string, instead: string): { 'x-kubernetes-validations': Rule[] } =>
  rules({ rule: 'false', message: `${name} is not yet supported; ${instead}` })

const DURATION = '^([0-9]{1,5}(h|m|s|ms)){1,4}$'
/** CEL: a string is a duration. Guards every `duration(…)`, which would fail with its own, unreadable error. */
export const wellFormed = (expression: string): string => `${expression}.matches('${DURATION}')`

const durationRule: Rule = {
  rule: wellFormed('self'),
  message: 'must be a duration such as 500ms, 15s, 2m or 1h30m',
}

/** Gateway API duration string. Its rule is CEL and not `pattern`, because a pattern's error names no remedy. */
export const duration = (description: string, ...more: Rule[]) =>
  z
    .string()
    .max(32)
    .meta({ description, ...rules(durationRule, ...more) })

/** For `duration`: a lower bound that stays silent while the string is malformed. */
export const atLeast = (minimum: string, message: string): Rule => ({
  rule: `!${wellFormed('self')} || duration(self) >= duration('${minimum}')`,
  message,
})

/** DNS-1035 label: names that become host names or parts of them. */
export const dnsLabel = (description: string, maxLength = 63) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    .meta({
      description,
      ...rules({
        rule: "self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
        message: 'must be lower case letters, digits and dashes, begin with a letter and end with a letter or digit',
      }),
    })

/** Name of another object in the same namespace (DNS-1123 subdomain; whether it exists becomes a condition). */
export const objectName = (description: string) => z.string().min(1).max(253).meta({ description })

export const revision = (description: string) => z.string().max(63).meta({ description })

export const timestamp = (description: string) => z.string().max(40).meta({ description, format: 'date-time' })

/** An object the API server keeps as it is. */
export const opaque = <T>(description: string) =>
  z.custom<T>().meta({ description, type: 'object', 'x-kubernetes-preserve-unknown-fields': true })

export const secretKey = (description: string) =>
  z
    .object({
      secret: objectName('Name of the Secret, in the namespace of the Rollout.'),
      key: z.string().min(1).max(253).meta({ description: 'Key inside the Secret.' }),
    })
    .meta({ description })

export const percent = (description: string) => z.int().min(1).max(100).meta({ description })

/** An address that is asked over HTTP. Credentials in it would be readable by whoever may read the Rollout. */
export const httpAddress = (description: string, maxLength: number, instead: string) =>
  z
    .string()
    .max(maxLength)
    .meta({
      description,
      ...rules(
        {
          rule: "self.startsWith('http://') || self.startsWith('https://')",
          message: 'must begin with http:// or https://',
        },
        {
          rule: "!self.contains('@')",
          message: `must not contain credentials; put them into a Secret and name it in ${instead}`,
        },
      ),
    })

export const secretHeaders = (description: string) =>
  z
    .array(
      z
        .object({
          name: z.string().min(1).max(128).meta({ description: 'Name of the header, for example X-Scope-OrgID.' }),
          value: secretKey('Secret key with the value of the header.'),
        })
        .meta({ description: 'A header and where its value is.' }),
    )
    .max(8)
    .meta({ description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
