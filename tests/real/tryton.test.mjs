// The tryton connector against Tryton itself (tests/real/README.md). Tryton's own answers are the judge.
import test, { after, before } from 'node:test'
import assert from 'node:assert/strict'
import { Connector } from '../unit/connector_replay/connector.mjs'
import { NotInstalled } from './npm.mjs'
import { Proxy } from './proxy.mjs'
import { Recording } from './recording.mjs'
import { Tryton, decimal } from './tryton.mjs'

const tryton = new Tryton(), proxy = new Proxy()
let connector, recording, missing

const isLogin = entry => entry.body.includes('"common.db.login"')
const settings = (more = {}) => ({ url: `${proxy.url}/erp`, auth: { kind: 'session', user: tryton.user, password: tryton.password }, payment_term: 'At once', ...more })

before(async () => {
  try {
    await tryton.start()
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error
    missing = `Tryton cannot be started: ${error.message}`
    console.log(`skipped: ${missing}`)
    return
  }
  await proxy.start(tryton.url)
  connector = new Connector('tryton@1', settings())
  recording = new Recording('tryton', connector, proxy, isLogin)
})
after(async () => {
  await connector?.close()
  proxy.stop()
  await tryton.stop()
})

const withTryton = (name, body) => test(name, t => (missing ? t.skip(missing) : body(t)))

const call = (operation, args, more = {}) => connector.call(operation, args, more)
async function done(operation, args, more) {
  const got = await call(operation, args, more)
  assert.equal(got.class, 'done', `${operation}: ${got.class}: ${got.message}`)
  return got
}
const party = (code, more = {}) => done('put', { object: 'party.party', key: { code }, record: { code, name: `Customer ${code}`,
  addresses: [{ street: '1 Harbour Road', city: 'Kiel', postal_code: '24103', invoice: true, delivery: true }], ...more } })
const sale = (reference, code, more = {}) => ({ sale: { reference, party: { code }, lines: [{ product: { code: 'PUMP-7' }, quantity: 3 }, { product: { code: 'VALVE-2' }, quantity: 2, unit_price: '11.1111' }], ...more } })
const methods = from => proxy.seen.slice(from).map(x => JSON.parse(x.body).method)

withTryton('an order from party to payment and credit note, as recorded for the replay', async () => {
  const did = async (operation, args) => { const got = await recording.ask({ operation, args }); assert.equal(got.class, 'done', `${operation}: ${got.message}`); return got }
  await did('preferences', {})
  await did('put', { object: 'party.party', key: { code: 'A-1' }, record: { code: 'A-1', name: 'Nordwind & Söhne', addresses: [{ street: 'Hafenstraße 12', city: 'Kiel' }] } })
  await did('put', { object: 'party.party', key: { code: 'A-1' }, record: { code: 'A-1', name: 'Nordwind GmbH', addresses: [{ street: 'Hafenstraße 13', city: 'Kiel' }], credit_limit_amount: '100.00' } })
  await did('sale_create', sale('SO-1', 'A-1', { sale_date: '2026-01-05' }))
  const early = await recording.ask({ operation: 'sale_confirm', args: { reference: 'SO-1' } })
  assert.equal(early.class, 'conflict')
  await did('sale_quote', { reference: 'SO-1' })
  const held = await recording.ask({ operation: 'sale_confirm', args: { reference: 'SO-1' } })
  assert.deepEqual([held.class, held.code], ['data', 'UserWarning'])
  const { document: confirmed } = await did('sale_confirm', { reference: 'SO-1', accept: ['credit limit'] })
  const shipment = confirmed.shipments[0].id, invoice = confirmed.invoices[0].id
  await did('ship', { shipment, lines: [{ product: 'PUMP-7', quantity: 2 }] })
  await did('invoice_post', { invoice })
  await did('invoice_pay', { invoice, amount: '100.00', reference: 'PAY-1' })
  const { document: paid } = await did('invoice_pay', { invoice, reference: 'PAY-2' })
  assert.equal(paid.state, 'paid')
  const { document: note } = await did('credit_note', { invoice, reference: 'CN-1', lines: [{ product: 'PUMP-7', quantity: '1' }] })
  await did('invoice_post', { invoice: note.id })
  await did('credit_status', { party: 'A-1' })
  await did('availability', { products: ['PUMP-7', 'VALVE-2'] })
  await did('payment_find', { invoice, reference: 'PAY-1' })
  await did('find', { object: 'account.invoice', field: 'reference', value: 'CN-1' })
  await did('query', { object: 'sale.sale', where: [['reference', '=', 'SO-1']], fields: ['number', 'lines.quantity'] })
  await did('count', { object: 'sale.sale' })
  await did('sale_status', { reference: 'SO-1' })
  const nobody = await recording.ask({ operation: 'put', args: { object: 'sale.sale', key: { reference: 'SO-2' }, record: { reference: 'SO-2', party: { code: 'nobody' } } } })
  assert.equal(nobody.class, 'missing')
  const nothing = await recording.ask({ operation: 'update', args: { object: 'party.party', id: 1, record: { nope: 1 } } })
  assert.deepEqual([nothing.class, nothing.message], ['data', 'party.party: nope is no field of this model'])
  recording.write('order')

  const [sold] = await tryton.records('sale.sale', [['reference', '=', 'SO-1']], ['state', 'invoice_state', 'untaxed_amount', 'total_amount', 'shipments.state'])
  assert.deepEqual([sold.state, sold.invoice_state, decimal(sold.untaxed_amount), decimal(sold.total_amount)], ['processing', 'paid', '471.92', '566.30'])
  assert.deepEqual(sold['shipments.'].map(s => s.state), ['done', 'waiting'], 'what was left behind has a shipment of its own')
  const invoices = await tryton.records('account.invoice', [], ['number', 'state', 'reference', 'total_amount', 'amount_to_pay'])
  assert.deepEqual(invoices.map(i => [i.state, i.reference, decimal(i.total_amount)]), [['paid', null, '566.30'], ['posted', 'CN-1', '-179.88']])
  const lines = await tryton.records('account.invoice.line', [['invoice.reference', '=', 'CN-1']], ['origin', 'quantity', 'unit_price', 'taxes'])
  assert.deepEqual(lines.map(l => [l.origin.split(',')[0], l.quantity, decimal(l.unit_price), l.taxes.length]), [['account.invoice.line', -1, '149.9000', 1]])
})

withTryton('a party is found by its code, its lists are replaced, and no digit is lost', async () => {
  await party('B-1', { credit_limit_amount: '12345678901234.56', addresses: [{ city: 'Kiel' }, { city: 'Lübeck' }] })
  const again = await party('B-1', { name: 'Müller – «Söhne»', addresses: [{ city: 'Bremen' }] })
  assert.equal(again.created, 'no')
  const [record, ...more] = await tryton.records('party.party', [['code', '=', 'B-1']], ['name', 'credit_limit_amount', 'addresses.city'])
  assert.deepEqual([more, record.name, decimal(record.credit_limit_amount), record['addresses.'].map(a => a.city)], [[], 'Müller – «Söhne»', '12345678901234.56', ['Bremen']])
  await call('get', { object: 'party.party', id: record.id, fields: ['credit_limit_amount'] })
  assert.match(connector.line, /"credit_limit_amount":12345678901234\.56[,}]/)
  const address = (await tryton.records('party.address', [['party.code', '=', 'B-1']], ['id']))[0].id
  await party('B-1', { addresses: [{ city: 'Hamburg' }, { city: 'Kiel' }] })
  assert.deepEqual((await tryton.records('party.address', [['party.code', '=', 'B-1']], ['city'])).map(a => [a.city, a.id === address]), [['Hamburg', true], ['Kiel', false]], 'a line is changed where it stands')
  await party('B-1', { addresses: [{ city: 'Hamburg' }] })
  assert.equal((await tryton.records('party.address', [['party.code', '=', 'B-1']], [])).length, 1)
  await party('B-1', { credit_limit_amount: null })
  assert.equal((await tryton.records('party.party', [['code', '=', 'B-1']], ['credit_limit_amount']))[0].credit_limit_amount, null)
})

withTryton('a new sale gets what the client would fill in, and keeps what the caller gave', async () => {
  await party('C-1')
  await done('sale_create', sale('SO-C1', 'C-1', { lines: [{ product: { code: 'SEAL-9' }, quantity: '2.00' }, { product: { code: 'PUMP-7' }, quantity: 1, unit_price: '0.0001', taxes: [] }] }))
  const [record] = await tryton.records('sale.sale', [['reference', '=', 'SO-C1']], ['payment_term.name', 'invoice_address.city', 'shipment_address.city', 'lines.unit.name', 'lines.unit_price', 'lines.quantity', 'lines.taxes'])
  assert.deepEqual([record['payment_term.'].name, record['invoice_address.'].city, record['shipment_address.'].city], ['At once', 'Kiel', 'Kiel'])
  assert.deepEqual(record['lines.'].map(l => [l['unit.'].name, l.quantity, decimal(l.unit_price), l.taxes.length]), [['Unit', 2, '3.3333', 1], ['Unit', 1, '0.0001', 0]])
  await done('put', { object: 'sale.sale', key: { reference: 'SO-C1' }, record: { reference: 'SO-C1', comment: 'again' } })
  assert.equal((await tryton.records('sale.sale', [['reference', '=', 'SO-C1']], ['comment']))[0].comment, 'again')
  await done('put', { object: 'sale.sale', key: { reference: 'SO-C1' }, record: { reference: 'SO-C1', lines: [{ product: { code: 'VALVE-2' }, quantity: 4 }] } })
  const [changed] = await tryton.records('sale.sale', [['reference', '=', 'SO-C1']], ['lines.product.code', 'lines.unit_price', 'lines.unit.name', 'lines.taxes', 'total_amount'])
  assert.deepEqual([changed['lines.'].map(l => [l['product.'].code, decimal(l.unit_price), l['unit.'].name, l.taxes.length]), decimal(changed.total_amount)], [[['VALVE-2', '12.5000', 'Unit', 1]], '60.00'])
})

withTryton('steps that Tryton ignores in silence are conflicts that say so; those that have happened are done', async () => {
  await party('D-1')
  await done('sale_create', sale('SO-D1', 'D-1'))
  const early = await call('sale_confirm', { reference: 'SO-D1' })
  assert.equal(early.class, 'conflict')
  assert.match(early.message, /SO-D1 stays draft: Tryton does not confirm a sale in this state, and says nothing/)
  await done('sale_quote', { reference: 'SO-D1' })
  const { document } = await done('sale_confirm', { reference: 'SO-D1' })
  const from = proxy.seen.length
  await done('sale_quote', { reference: 'SO-D1' })
  assert.deepEqual(methods(from), ['model.sale.sale.search_read'], 'nothing is pressed twice')
  const late = await call('sale_cancel', { reference: 'SO-D1' })
  assert.equal(late.class, 'conflict')
  assert.match(late.message, /stays processing/)
  const unposted = await call('invoice_pay', { invoice: document.invoices[0].id, reference: 'PAY-D1' })
  assert.deepEqual([unposted.class, /is draft; only a posted one can be paid/.test(unposted.message)], ['conflict', true])
  const more = await done('invoice_post', { invoice: document.invoices[0].id })
  const much = await call('invoice_pay', { invoice: document.invoices[0].id, reference: 'PAY-D2', amount: '1000000.00' })
  assert.deepEqual([much.class, much.message], ['data', 'invoice_pay: this is more than is to be paid'])
  assert.equal((await done('get', { object: 'account.invoice', id: more.id })).document.state, 'posted')
})

withTryton('a credit limit stops a sale, unless the caller accepts that warning', async () => {
  await party('E-1', { credit_limit_amount: '10.00' })
  await done('sale_create', sale('SO-E1', 'E-1'))
  await done('sale_quote', { reference: 'SO-E1' })
  for (const accept of [undefined, ['shipping'], []]) {
    const got = await call('sale_confirm', { reference: 'SO-E1', ...(accept ? { accept } : {}) })
    assert.deepEqual([got.class, got.code], ['data', 'UserWarning'])
    assert.match(got.message, /has reached their credit limit of €10\.00/)
  }
  assert.equal((await tryton.records('sale.sale', [['reference', '=', 'SO-E1']], ['state']))[0].state, 'quotation')
  await done('sale_confirm', { reference: 'SO-E1', accept: ['credit limit'] })
  assert.equal((await done('credit_status', { party: 'E-1' })).document.on_hold, true)
  await done('sale_create', sale('SO-E2', 'E-1'))
  await done('sale_quote', { reference: 'SO-E2' })
  assert.equal((await call('sale_confirm', { reference: 'SO-E2' })).code, 'UserWarning', 'what was accepted once is not accepted for ever')
})

withTryton('part of a shipment leaves once, however often it is asked for', async () => {
  await party('F-1')
  await done('sale_create', sale('SO-F1', 'F-1'))
  await done('sale_quote', { reference: 'SO-F1' })
  const { document } = await done('sale_confirm', { reference: 'SO-F1' })
  const args = { shipment: document.shipments[0].id, lines: [{ product: 'PUMP-7', quantity: 1 }, { product: 'VALVE-2', quantity: 2 }] }
  proxy.loseAnswer(x => x.body.includes('shipment.out.pack"')) // in the middle
  assert.equal((await call('ship', args)).class, 'retry')
  await done('ship', args)
  await done('ship', args)
  const shipments = await tryton.records('stock.shipment.out', [['customer.code', '=', 'F-1']], ['state', 'outgoing_moves.product.code', 'outgoing_moves.quantity'])
  assert.deepEqual(shipments.map(s => [s.state, s['outgoing_moves.'].map(m => [m['product.'].code, m.quantity]).sort()]), [['done', [['PUMP-7', 1], ['VALVE-2', 2]]], ['waiting', [['PUMP-7', 2]]]])
  await done('sale_create', sale('SO-F3', 'F-1', { lines: [{ product: { code: 'PUMP-7' }, quantity: 1 }, { product: { code: 'PUMP-7' }, quantity: 2 }] }))
  await done('sale_quote', { reference: 'SO-F3' })
  const { document: twice } = await done('sale_confirm', { reference: 'SO-F3' })
  const which = await call('ship', { shipment: twice.shipments[0].id, lines: [{ product: 'PUMP-7', quantity: 1 }] })
  assert.deepEqual([which.class, /has PUMP-7 in more than one line/.test(which.message)], ['data', true])
  await done('ship', { shipment: twice.shipments[0].id })
  await done('sale_create', sale('SO-F2', 'F-1', { lines: [{ product: { code: 'PUMP-7' }, quantity: 1000000 }] }))
  await done('sale_quote', { reference: 'SO-F2' })
  const { document: large } = await done('sale_confirm', { reference: 'SO-F2' })
  const got = await call('ship', { shipment: large.shipments[0].id })
  assert.deepEqual([got.class, /waits for stock/.test(got.message)], ['conflict', true])
})

withTryton('lost answers: what was made is found again, what was not is not', async () => {
  await party('G-1')
  const lookup = (operation, args) => connector.ask({ lookup: operation, args })
  proxy.loseAnswer(x => x.body.includes('"model.sale.sale.create"'))
  const lost = await call('sale_create', sale('SO-G1', 'G-1'))
  assert.deepEqual([lost.class, lost.unknown], ['retry', true])
  const found = await lookup('sale_create', sale('SO-G1', 'G-1'))
  assert.deepEqual([found.matches, found.document.reference], [1, 'SO-G1'])
  assert.equal((await lookup('sale_create', sale('SO-G2', 'G-1'))).matches, 0)

  await done('sale_quote', { reference: 'SO-G1' })
  const { document } = await done('sale_confirm', { reference: 'SO-G1' }), invoice = document.invoices[0].id
  await done('invoice_post', { invoice })
  proxy.loseAnswer(x => x.body.includes('pay.execute"') && x.body.includes('"choice"'))
  assert.equal((await call('invoice_pay', { invoice }, { marker: 'tl-1' })).unknown, true)
  const paid = await connector.ask({ lookup: 'invoice_pay', args: { invoice }, marker: 'tl-1' })
  assert.deepEqual([paid.matches, paid.document.state], [1, 'paid'])
  proxy.loseAnswer(x => x.body.includes('"model.account.invoice.create"'))
  const args = { invoice, reference: 'CN-G1' }
  assert.equal((await call('credit_note', args)).unknown, true)
  assert.equal((await lookup('credit_note', args)).matches, 1)
  assert.equal((await tryton.records('account.invoice', [['reference', '=', 'CN-G1']], [])).length, 1)

  proxy.loseAnswer(x => x.body.includes('"model.party.party.create"'))
  const put = await call('put', { object: 'party.party', key: { code: 'G-2' }, record: { code: 'G-2', name: 'G' } })
  assert.deepEqual([put.class, put.unknown], ['retry', true])
  assert.equal((await party('G-2')).created, 'no')
})

withTryton('a session that has ended is followed by another, once, in the middle of a call', async () => {
  await party('H-1')
  const from = proxy.seen.length
  await tryton.endSessions()
  await party('H-1')
  assert.deepEqual(methods(from).filter(m => m === 'common.db.login'), ['common.db.login'])
  const other = new Connector('tryton@1', settings({ auth: { kind: 'session', user: 'nobody', password: 'wrong' } }))
  const got = await other.ask({ probe: true })
  await other.close()
  assert.equal(got.class, 'auth')
})

withTryton('a change meant for a version that is gone is a conflict, also when it goes in between', async () => {
  const { id, version } = await party('I-1')
  const update = (name, of) => call('update', { object: 'party.party', id, version: of, record: { name } })
  const first = await update('first', version)
  assert.equal(first.class, 'done', first.message)
  const stale = await update('second', version)
  assert.deepEqual([stale.class, /has changed since it was read/.test(stale.message)], ['conflict', true])
  // Somebody is faster between our look and our write. Tryton stamps whole seconds on SQLite.
  await new Promise(done => setTimeout(done, 1100))
  proxy.first(x => x.body.includes('"model.party.party.write"'), () => tryton.rpc('model.party.party.write', [Number(id)], { name: 'faster' }))
  const late = await update('third', first.version)
  assert.deepEqual([late.class, late.code, late.message], ['conflict', 'ConcurrencyException', 'Records were modified in the meanwhile'])
  assert.equal((await tryton.records('party.party', [['id', '=', Number(id)]], ['name']))[0].name, 'faster')
})

withTryton('several at once make one record', async () => {
  const others = [1, 2, 3].map(() => new Connector('tryton@1', settings()))
  const put = c => c.call('put', { object: 'party.party', key: { code: 'J-1' }, record: { code: 'J-1', name: 'J' } })
  try {
    const got = await Promise.all(others.map(put))
    assert.ok(got.every(g => ['done', 'conflict', 'retry'].includes(g.class)), JSON.stringify(got))
    for (const [i, one] of got.entries()) if (one.class !== 'done') assert.equal((await put(others[i])).class, 'done')
  } finally {
    for (const other of others) await other.close()
  }
  assert.equal((await tryton.records('party.party', [['code', '=', 'J-1']], [])).length, 1)
})

withTryton('a capture sees each state once, pages by id, and begins where it is told to', async () => {
  await tryton.rpc('model.party.party.create', Array.from({ length: 450 }, (_, i) => ({ name: `K ${i}`, code: `K-${i}` })))
  const options = { fields: ['name', 'code', 'addresses.city'], filter: [['code', 'like', 'K-%']] }
  const all = await connector.capture('party.party', { ...options, since: 'all' })
  assert.equal(new Set(all.events.map(e => e.key)).size, 450)
  assert.equal(all.events.length, 450)
  const told = new Set(all.events.map(e => e.dedupe)) // the connector itself remembers most of them, the journal all
  const names = changes => changes.events.filter(e => !told.has(e.dedupe)).map(e => { told.add(e.dedupe); return e.payload.name })
  const ids = all.events.slice(0, 2).map(e => Number(e.key))
  assert.deepEqual(names(await connector.capture('party.party', options, { cursor: all.cursor, rounds: 2 })), [], 'what was seen is not told again')
  await tryton.rpc('model.party.party.write', [ids[1]], { name: 'once' })
  const once = await connector.capture('party.party', options, { cursor: all.cursor })
  await tryton.rpc('model.party.party.write', [ids[1]], { name: 'twice' }) // within one second
  const twice = await connector.capture('party.party', options, { cursor: once.cursor })
  assert.deepEqual([names(once), names(twice)], [['once'], ['twice']])
  const version = (changes, name) => changes.events.find(e => e.payload.name === name).version
  assert.ok(version(twice, 'twice') > version(once, 'once'))

  const fresh = new Connector('tryton@1', settings())
  try {
    const now = await fresh.capture('party.party', options)
    assert.deepEqual(names(now), [], 'now')
    await tryton.rpc('model.party.party.write', [ids[0]], { name: 'later' })
    assert.deepEqual(names(await fresh.capture('party.party', options, { cursor: now.cursor })), ['later'])
    assert.equal((await fresh.capture('party.party', options, { cursor: 'nonsense' })).events[0].failed.class, 'gap')
    const none = await fresh.capture('stock.shipment.in', {})
    assert.equal(none.events.length, 0, 'an empty model')
  } finally {
    await fresh.close()
  }
})

withTryton('no line is credited beyond what it was invoiced for, whoever credits it', async () => {
  await party('K-1')
  await done('sale_create', sale('SO-K1', 'K-1'))
  await done('sale_quote', { reference: 'SO-K1' })
  const invoice = (await done('sale_confirm', { reference: 'SO-K1' })).document.invoices[0].id
  await done('invoice_post', { invoice })
  const credit = (reference, ...lines) => call('credit_note', { invoice, reference, ...(lines.length ? { lines: lines.map(([product, quantity]) => ({ product, quantity })) } : {}) })
  const refused = async (got, words) => { const g = await got; assert.deepEqual([g.class, g.message], ['data', `invoice with the id ${invoice} has ${words}`]) }
  await refused(credit('CN-K0', ['PUMP-7', 99]), '3 of PUMP-7 left to credit, not 99')
  await refused(credit('CN-K0', ['PUMP-7', -1]), '3 of PUMP-7 left to credit, not -1')
  assert.equal((await credit('CN-K1', ['PUMP-7', '2'])).class, 'done')       // a draft counts
  await refused(credit('CN-K2', ['VALVE-2', 2], ['PUMP-7', 1.5]), '1 of PUMP-7 left to credit, not 1.5')
  await refused(credit('CN-K2'), '1 of PUMP-7 left to credit, not 3')
  const last = await credit('CN-K2', ['PUMP-7', 1])
  await refused(credit('CN-K3', ['PUMP-7', 1]), '0 of PUMP-7 left to credit, not 1')
  await tryton.rpc('model.account.invoice.delete', [last.document.id])
  assert.equal((await credit('CN-K3', ['PUMP-7', 1])).class, 'done')
})

withTryton('what cannot be is refused in words', async () => {
  const refused = async (operation, args, expected, words) => {
    const got = await call(operation, args)
    assert.equal(got.class, expected, `${operation} ${JSON.stringify(args)}: ${got.class} ${got.message}`)
    assert.match(got.message, words)
  }
  await party('L-1')
  await refused('invoice_post', { invoice: '1] or 1' }, 'missing', /there is no invoice with the id 0/)
  await refused('sale_status', { reference: 'SO-none' }, 'missing', /there is no sale with the reference SO-none/)
  await refused('put', { object: 'party.party', key: { code: 'L-2' }, record: { code: 'L-2', lang: { code: 'xx' } } }, 'missing', /there is no ir\.lang with \[\["code","=","xx"\]\]/)
  await refused('put', { object: 'party.party', key: { code: 'L-2' }, record: { code: 'L-2', credit_limit_amount: 'much' } }, 'data', /credit_limit_amount is of type numeric, which this cannot be: "much"/)
  await refused('put', { object: 'party.party', key: { code: 'L-1', name: 'x' }, record: {} }, 'data', /key must be one field/)
  await refused('put', { object: 'party.nothing', key: { code: 'L-1' }, record: {} }, 'data', /Tryton failed: 'party\.nothing'|Tryton failed/)
  await refused('create', { object: 'party.party', record: { code: 'L-1', name: 'twice' } }, 'conflict', /The code on party must be unique/)
  await refused('create', { object: 'sale.sale', record: { reference: 'x' } }, 'data', /Party/)
  await refused('create', { object: 'res.user', record: { name: 'x', login: 'x' } }, 'config', /not allowed to access/)
  await refused('credit_note', { invoice: 1, reference: 'CN-L', lines: [{ product: 'NONE', quantity: 1 }] }, 'data', /none of these products/)
  await refused('availability', { products: ['PUMP-7'], warehouse: 'MOON' }, 'missing', /no such warehouse/)
  const { events } = await connector.capture('sale.sale', { since: 'yesterday' })
  assert.deepEqual([events[0].failed.class, /since must be now, all or a time/.test(events[0].failed.message)], ['config', true])
})
