import { z } from 'zod'
import { rules } from './vocabulary.ts'

const window = z
  .object({
    days: z
      .array(z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']).meta({ description: 'A day of the week.' }))
      .min(1)
      .max(7)
      .meta({ description: 'Days on which it begins; every day where absent.', 'x-kubernetes-list-type': 'set' })
      .exactOptional(),
    hours: z
      .string()
      .max(11)
      .default('00:00-24:00')
      .meta({
        description: 'From when to when, for example 09:00-17:00; 22:00-04:00 ends on the next day.',
        ...rules(
          {
            rule: "self.matches('^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$')",
            message: 'hours must be two times of a day such as 09:00-17:00',
          },
          {
            rule: 'self.size() != 11 || self.substring(0, 5) != self.substring(6)',
            message: 'hours must not end when they begin; 00:00-24:00 is the whole day',
          },
        ),
      }),
    timezone: z
      .string()
      .max(64)
      .default('UTC')
      .meta({ description: 'Whose clock it is: a name of the IANA database, for example Europe/Berlin.' }),
  })
  .meta({ description: 'A change window.' })

export const allow = z.array(window).min(1).max(8).meta({
  description:
    'The gate lets a release pass only while one of these windows is open. Without a word about who approves it needs nobody: the first open window answers it. With one an approval may come earlier, and waits for the window.',
})
