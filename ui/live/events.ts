/** One message of a server-sent event stream. */
export type Message = { event: string; data: string; id?: string }

/**
 * Takes a stream as it comes, in pieces of any size, and gives the messages that each piece completes. The format is
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */
export function eventReader(): (piece: string) => Message[] {
  let rest = ''
  return (piece) => {
    const blocks = (rest + piece).replaceAll('\r\n', '\n').split('\n\n')
    rest = blocks.pop() ?? ''
    return blocks.flatMap((block) => messageOf(block) ?? [])
  }
}

function messageOf(block: string): Message | undefined {
  const message: Message = { event: 'message', data: '' }
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
    if (field === 'data') data.push(value)
    else if (field === 'event') message.event = value
    else if (field === 'id') message.id = value
  }
  return data.length === 0 ? undefined : { ...message, data: data.join('\n') }
}
