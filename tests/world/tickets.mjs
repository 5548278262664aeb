// The tickets of the Zendesk look-alike as scripts/case-to-resolution uses them: what customers and agents do, and what is there to read.
import { until } from './wait.mjs'

const ids = { order_no: 380001, shipment_no: 380002, order_status: 380004, kind: 380011, product_no: 380012, quantity: 380013, context_of: 380014, invoice_no: 380015,
  return_no: 380016, credit_note_no: 380017, outcome: 380018 }

export class Tickets {
  constructor(desk) { this.desk = desk }

  // The fields that an administrator adds (its README.md); the desk has the first three.
  async addFields() {
    const { fields } = await this.desk.admin('GET', 'settings'), has = id => fields.ticket_fields.some(f => f.id === id)
    for (const [key, id] of Object.entries(ids)) if (!has(id)) fields.ticket_fields.push({ id, key, type: 'text', title: key, active: true })
    await this.desk.admin('POST', 'settings', { fields })
  }

  fields(values) { return Object.entries(values).map(([name, value]) => ({ id: ids[name], value })) }
  field(ticket, name) { return ticket.custom_fields.find(f => f.id === ids[name])?.value }

  // A customer writes; an agent may have filled in what it is about. Gives the ticket's id.
  async open(subject, text, values = {}) {
    return (await this.desk.admin('POST', 'records/tickets', { subject, comment: { body: text }, custom_fields: this.fields(values) })).record.doc.id
  }

  fill(id, values) { return this.desk.admin('PATCH', `records/tickets/${id}`, { custom_fields: this.fields(values) }) }

  async all() { return (await this.desk.admin('GET', 'records/tickets')).records.map(r => r.doc) }
  async one(id) { return (await this.all()).find(t => t.id === id) }

  async comments(id, { shown }) {
    return (await this.desk.admin('GET', 'records/comments')).records.map(r => r.doc).filter(c => c.ticket_id === id && c.public === shown).map(c => c.body)
  }
  notes(id) { return this.comments(id, { shown: false }) }
  answers(id) { return this.comments(id, { shown: true }) }

  has(id, name, value, options) {
    return until(`${name} ${value} on ticket ${id}`, async () => { const ticket = await this.one(id); return this.field(ticket, name) === value && ticket }, options)
  }
}
