import { factsOf, titleOf, type Message } from './message.ts'

/** What each of the hosted chats wants as the body of its incoming webhook. What others wrote mentions nobody and links nowhere. */
export const CHATS = { slack, teams, discord }

const MOST_CHARS = 3_000

function slack(message: Message): object {
  const safe = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const facts = factsOf(message).map(([name, value]) => `${name} ${safe(value)}`)
  const lines = [`*${safe(titleOf(message))}*`, safe(cut(message.message)), facts.join(' · ')]
  return { text: [...lines, ...(message.link ? [`<${message.link}|Open in Sluice>`] : [])].join('\n') }
}

function teams(message: Message): object {
  const isWarning = message.type === 'Warning'
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      {
        type: 'TextBlock',
        text: plain(titleOf(message)),
        weight: 'Bolder',
        wrap: true,
        color: isWarning ? 'Warning' : 'Default',
      },
      { type: 'TextBlock', text: plain(cut(message.message)), wrap: true },
      { type: 'FactSet', facts: factsOf(message).map(([title, value]) => ({ title, value: plain(value) })) },
    ],
    ...(message.link ? { actions: [{ type: 'Action.OpenUrl', title: 'Open in Sluice', url: message.link }] } : {}),
  }
  return { type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content }] }
}

const AMBER = 0xd9_8e_04
const GREEN = 0x2e_8b_57

function discord(message: Message): object {
  const embed = {
    title: cut(plain(titleOf(message)), 256),
    description: plain(cut(message.message)),
    color: message.type === 'Warning' ? AMBER : GREEN,
    timestamp: new Date(message.at).toISOString(),
    fields: factsOf(message).map(([name, value]) => ({ name, value: cut(plain(value), 1_024), inline: true })),
    ...(message.link ? { url: message.link } : {}),
  }
  return { embeds: [embed], allowed_mentions: { parse: [] } }
}

const plain = (text: string): string => text.replace(/[\\`*_[\]<>~|]/g, String.raw`\$&`)

const cut = (text: string, most = MOST_CHARS): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)
