// What a sender of Standard Webhooks puts beside its message.
import { createHmac } from 'node:crypto'

// key: a Buffer. The secret that the receiver is given is `whsec_` and the key in base64.
export function signed(key, id, body) {
  const at = Math.floor(Date.now() / 1000)
  return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}` }
}
