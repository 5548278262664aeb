// What must agree at the end, counted through the servers' own APIs: one sale, shipment, invoice and payment an order, one return and
// credit note a case, each told once, and nobody has anything besides. Gives a list of { what, wrong }: wrong is null where all is well.
import { until } from '../world/wait.mjs'
import { decimal } from './tryton.mjs'

const same = (what, got, wanted) => ({ what, wrong: JSON.stringify(got) === JSON.stringify(wanted) ? null : `${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}` })

// Net, in ten-thousandths: prices and quantities as texts of at most four places.
const units = text => { const [whole, part = ''] = String(text).split('.'); return BigInt(whole) * 10000n + BigInt(part.padEnd(4, '0').slice(0, 4)) }
const cents = lines => lines.reduce((sum, [, quantity, price]) => sum + (BigInt(quantity) * units(price) + 50n) / 100n, 0n) // each line is rounded
const money = value => { const text = String(value).padStart(3, '0'); return `${text.slice(0, -2)}.${text.slice(-2)}` }

async function order(company, { order: no, account, lines }) {
  const { tryton, rt } = company
  const parties = await tryton.records('party.party', [['code', '=', account]], ['name'])
  const sales = await tryton.records('sale.sale', [['reference', '=', no]], ['untaxed_amount', 'total_amount', 'invoice_state', 'shipment_state', 'shipments.state', 'invoices.number', 'invoices.state', 'invoices.total_amount', 'lines.quantity'])
  const moves = await tryton.records('account.move', [['description', '=', `payment of ${no}`]], ['state'])
  const tickets = await rt.tickets(`'CF.{CaseNo}' = '${no}'`)
  const deals = (await company.salesforceRecords('Opportunity')).filter(o => o.Order_No__c === no)
  const [sale] = sales, invoice = sale?.['invoices.']?.[0], [deal] = deals
  return [
    same(`${no}: one customer ${account} in Tryton`, parties.length, 1),
    same(`${no}: one sale in Tryton`, sales.map(s => [decimal(s.untaxed_amount), s.shipment_state, s.invoice_state, s['lines.'].length]), [[money(cents(lines)), 'sent', 'paid', lines.length]]),
    same(`${no}: one shipment, done`, sale?.['shipments.'].map(s => s.state), ['done']),
    same(`${no}: one invoice, paid`, sale?.['invoices.'].map(i => [i.state, decimal(i.total_amount)]), [['paid', decimal(sale?.total_amount)]]),
    same(`${no}: one payment`, moves.map(m => m.state), ['posted']),
    same(`${no}: one ticket at the desk, which knows of the payment`, tickets.map(t => t.CustomFields.OrderStatus), ['paid']),
    same(`${no}: the deal in Salesforce has the invoice`, [deals.length, deal?.Order_Status__c, deal?.Invoice_No__c, Number(deal?.Invoice_Total__c).toFixed(2)], [1, 'invoiced', invoice?.number, decimal(invoice?.total_amount)]),
  ]
}

async function told(company, { no, ticket: id, order, account, product, notes, answers }, note) {
  const ticket = await company.rt.ticket(id), history = await company.rt.history(id), { ContextOf, CreditNoteNo, ReturnNo, Outcome } = ticket.CustomFields
  const last = company.claims.filter(c => c.account === account).at(-1)
  const [customer] = (await company.salesforceRecords('Account')).filter(a => a.Account_No__c === account)
  return [
    same(`${no}: the ticket is resolved, with its outcome`, [ticket.Status, ContextOf, CreditNoteNo, ReturnNo, Outcome], ['resolved', order, note?.number, product ? no : null, 'credited']),
    same(`${no}: ${notes} notes and ${answers} answers`, ['Comment', 'Correspond'].map(type => history.filter(t => t === type).length), [notes, answers]),
    ...(last.no === no ? [same(`${account}: Salesforce knows of it`, [customer?.Last_Claim__c, customer?.Last_Claim_Outcome__c, customer?.Last_Credit_Note__c], [no, 'credited', note?.number])] : []),
  ]
}

async function claim(company, one) {
  const { tryton } = company, { no, order: of, product } = one
  const returns = await tryton.records('stock.shipment.out.return', [['reference', '=', no]], ['state', 'incoming_moves.product.code', 'incoming_moves.quantity'])
  const notes = await tryton.records('account.invoice', [['reference', '=', no]], ['number', 'state', 'lines.product.code', 'lines.quantity', 'lines.origin'])
  const [{ 'lines.': lines } = { 'lines.': [] }] = notes
  const sold = await tryton.records('account.invoice.line', [['invoice.sales.reference', '=', of], ['product.code', '=', product]], ['id'])
  return [
    ...await told(company, one, notes[0]),
    same(`${no}: one return in Tryton, received`, returns.map(r => [r.state, r['incoming_moves.'].map(m => [m['product.'].code, m.quantity])]), [['received', [[product, 1]]]]),
    same(`${no}: one credit note in Tryton, posted, of the line that was sold`, notes.map(n => [n.state, lines.map(l => [l['product.'].code, l.quantity, l.origin])]),
      [['posted', [[product, -1, `account.invoice.line,${sold[0]?.id}`]]]]),
  ]
}

// Five percent of the order's net amount, by a sale of less than nothing and its credit note.
async function serviceCredit(company, one) {
  const { tryton } = company, { lines } = company.orders.find(o => o.order === one.order)
  const sales = await tryton.records('sale.sale', [['reference', '=', one.no]], ['untaxed_amount', 'invoices.number', 'invoices.state'])
  const wanted = (cents(lines) * 5n + 49n + (cents(lines) * 5n / 100n) % 2n) / 100n // half a cent goes to the even one
  return [
    ...await told(company, one, sales[0]?.['invoices.'][0]),
    same(`${one.no}: one credit in Tryton, posted`, sales.map(s => [decimal(s.untaxed_amount), s['invoices.'].map(i => i.state)]), [[`-${money(wanted)}`, ['posted']]]),
  ]
}

async function totals(company) {
  const { tryton, rt } = company, count = async (model, domain) => (await tryton.records(model, domain, [])).length
  const orders = company.orders.length, claims = company.claims.length, returns = company.claims.filter(c => c.product).length
  return [
    same('sales, shipments, invoices and tickets in all',
      [await count('sale.sale', []), await count('stock.shipment.out', []), await count('account.invoice', []), (await rt.tickets('id > 0')).length], [orders + claims - returns, orders, orders + claims, orders + claims]),
    same('returns in all', await count('stock.shipment.out.return', []), returns),
    same('what the shop was told', company.shop.requests.length > 0 && [...new Set(company.shop.requests.map(r => JSON.parse(r.body).status))], ['authorised', 'credited']),
    same('parties that are customers', await count('party.party', [['code', 'like', 'A-%']]), new Set(company.orders.map(o => o.account)).size),
  ]
}

async function look(company) {
  const found = []
  for (const one of company.orders) found.push(...await order(company, one))
  for (const one of company.claims) found.push(...await (one.product ? claim : serviceCredit)(company, one))
  return [...found, ...await totals(company)]
}

// What the captures tell last may still be on its way when the runs have ended.
export async function agreement(company, { timeout = 60000 } = {}) {
  let found = []
  await until('the platforms to agree', async () => { found = await look(company); return found.every(f => !f.wrong) }, { timeout, every: 1000 }).catch(error => { if (!found.length) throw error })
  return found
}
