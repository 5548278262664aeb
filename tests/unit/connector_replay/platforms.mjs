// The shipped connectors against the look-alike platforms: every operation, captures, faults, sessions.
import { after, before, describe, it } from 'node:test'
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch } from '../../sandbox/test/help.mjs'
import { Connector } from './connector.mjs'

const scratch = mkdtempSync(join(tmpdir(), 'connector-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

const jsonl = events => events.map(e => `${e.object} ${e.key} ${e.version}${e.deleted ? ' deleted' : ''}`)

// One platform and one connector for a describe block.
function rig(name, platformArgs, settingsOf, operations) {
  const r = {}
  before(async () => {
    r.platform = await launch(name, platformArgs)
    r.settings = settingsOf(r.platform.base)
    r.connector = new Connector(`${name}@1`, r.settings, operations)
  })
  after(async () => {
    await r.connector?.close()
    await r.platform?.stop()
  })
  return r
}

const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 })
writeFileSync(join(scratch, 'sf.pem'), publicKey.export({ type: 'spki', format: 'pem' }))
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })

/* ---- Salesforce ---------------------------------------------------------------------------------------------------------- */

const salesforceSettings = url => ({ url, auth: { kind: 'oauth2_jwt', client_id: 'sandbox-client', key: pem, user: 'integration@sandbox.test' } })

describe('salesforce', () => {
  const r = rig('salesforce', ['--public-key', join(scratch, 'sf.pem')], salesforceSettings)

  it('logs in by JWT and says how much of the day is used', async () => {
    const got = await r.connector.ask({ probe: true })
    assert.equal(got.class, 'done', got.message)
    assert.equal(got.quotas[0]?.name, 'daily')
    assert.ok(got.quotas[0].limit > 0 && got.quotas[0].used >= 0)
  })

  it('puts by external id: created once, changed after', async () => {
    const record = { Account_No__c: 'A-1', Name: 'Müller & Söhne', Credit_Limit__c: 12345678901234.56 }
    const made = await r.connector.call('put', { object: 'Account', key: { Account_No__c: 'A-1' }, record })
    assert.deepEqual([made.class, made.status, made.created], ['done', 201, 'yes'], made.message)
    const again = await r.connector.call('put', { object: 'Account', key: { Account_No__c: 'A-1' }, record: { ...record, Name: 'Müller' } })
    assert.deepEqual([again.class, again.created, again.id], ['done', 'no', made.id])
    const read = await r.connector.call('get', { object: 'Account', id: made.id })
    assert.equal(read.document.Name, 'Müller')
    assert.equal(read.version, read.document.SystemModstamp)
    const found = await r.connector.call('find', { object: 'Account', field: 'Account_No__c', value: 'A-1' })
    assert.deepEqual([found.matches, found.id], [1, made.id])
  })

  it('writes under its own mark', async () => {
    const { entries } = await r.platform.admin('GET', 'log?method=PATCH')
    assert.equal(entries.at(-1).headers['sforce-call-options'], 'client=tidelock')
  })

  it('creates, updates, deletes, and finds nothing after', async () => {
    const made = await r.connector.call('create', { object: 'Task', record: { Subject: 'Call', Status: 'Not Started', Priority: 'Normal' } })
    assert.deepEqual([made.class, made.created], ['done', 'yes'], made.message)
    assert.equal((await r.connector.call('update', { object: 'Task', id: made.id, record: { Status: 'Completed' } })).class, 'done')
    assert.equal((await r.connector.call('delete', { object: 'Task', id: made.id })).class, 'done')
    assert.equal((await r.connector.call('delete', { object: 'Task', id: made.id })).class, 'done')
    const gone = await r.connector.call('get', { object: 'Task', id: made.id })
    assert.deepEqual([gone.class, gone.document], ['done', undefined])
  })

  it('queries over all pages, exact numbers included', async () => {
    for (let i = 0; i < 7; i++) await r.platform.admin('POST', 'records/Product2', { Name: `P${i}`, Product_No__c: `P-${i}`, List_Price__c: 19.9 })
    await r.platform.admin('POST', 'settings', { page_size: 3 })
    const got = await r.connector.call('query', { soql: "SELECT Id, Name FROM Product2 WHERE Product_No__c != '' ORDER BY Name" })
    assert.deepEqual([got.class, got.document.map(p => p.Name).join(), got.transfers], ['done', 'P0,P1,P2,P3,P4,P5,P6', 3])
    await r.platform.admin('POST', 'settings', { page_size: null })
  })

  it('classes what goes wrong', async () => {
    const put = (record, key = { Account_No__c: 'A-1' }) => r.connector.call('put', { object: 'Account', key, record })
    assert.deepEqual(await put({ Nonsense__c: 1 }).then(x => [x.class, x.code]), ['data', 'INVALID_FIELD'])
    assert.deepEqual(await put({ Support_Tier__c: 'gold' }).then(x => x.class), 'data')
    assert.deepEqual(await r.connector.call('put', { object: 'Nothing__c', key: { X__c: '1' }, record: {} }).then(x => x.class), 'data')
    await r.platform.admin('POST', 'faults', { fault: 'lock_row', match: { method: 'PATCH' }, times: 1 })
    assert.deepEqual(await put({ Name: 'x' }).then(x => [x.class, x.code, x.wait_ms, x.unknown]), ['conflict', 'UNABLE_TO_LOCK_ROW', 5000, false])
    await r.platform.admin('POST', 'faults', { fault: '503', retry_after: 7, match: { method: 'PATCH' }, times: 1 })
    assert.deepEqual(await put({ Name: 'x' }).then(x => [x.class, x.wait_ms]), ['retry', 7000])
    await r.platform.admin('POST', 'faults', { fault: 'drop_after_commit', match: { method: 'PATCH' }, times: 1 })
    assert.deepEqual(await put({ Name: 'y' }).then(x => x.class), 'retry')
    await r.platform.admin('POST', 'faults', { fault: 'status', code: 403, headers: { 'content-type': 'application/json' }, body: '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]', match: { method: 'PATCH' }, times: 1 })
    assert.deepEqual(await put({ Name: 'z' }).then(x => [x.class, x.wait_ms]), ['quota', 900000])
    await r.platform.admin('POST', 'faults', { fault: 'status', code: 403, headers: { 'content-type': 'application/json' }, body: '[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]', match: { method: 'PATCH' }, times: 1 })
    assert.deepEqual(await put({ Name: 'z' }).then(x => [x.class, x.wait_ms]), ['retry', 5000])
  })

  it('gets a new session when the old one has ended, once', async () => {
    await r.platform.admin('POST', 'expire_sessions')
    const got = await r.connector.call('put', { object: 'Account', key: { Account_No__c: 'A-1' }, record: { Name: 'after' } })
    assert.equal(got.class, 'done', got.message)
  })

  it('captures what changes from now on, in order, then what is deleted', async () => {
    const options = { fields: ['Name', 'Account.Name', '(SELECT ProductCode, Quantity FROM OpportunityLineItems)'], overlap: '2m' }
    const account = (await r.connector.call('find', { object: 'Account', field: 'Account_No__c', value: 'A-1' })).id
    const deal = name => r.platform.admin('POST', 'records/Opportunity', { Name: name, AccountId: account, StageName: 'Prospecting', CloseDate: '2026-12-31' })
    await deal('before')
    let got = await r.connector.capture('Opportunity', options)
    assert.deepEqual(got.events, [])
    const { record } = await deal('one')
    await r.platform.admin('POST', 'records/OpportunityLineItem', { OpportunityId: record.id, ProductCode: 'P-1', Quantity: 2, UnitPrice: 5 })
    await deal('two')
    got = await r.connector.capture('Opportunity', options, { cursor: got.cursor })
    assert.deepEqual(got.events.map(e => e.payload.Name), ['one', 'two'])
    assert.equal(got.events[0].payload.Account.Name, 'after')
    assert.equal(got.events[0].payload.OpportunityLineItems.records[0].ProductCode, 'P-1')
    assert.equal(got.events[0].version, got.events[0].payload.SystemModstamp)
    assert.ok(got.events[0].dedupe.length > 0)
    got = await r.connector.capture('Opportunity', options, { cursor: got.cursor })
    assert.deepEqual(got.events, [], 'what was told is not told again')
    await r.platform.admin('DELETE', `records/Opportunity/${record.id}`)
    await r.platform.admin('POST', 'clock', { advance_ms: 130000 })
    await deal('three') // its time tells the connector how late it is there
    got = await r.connector.capture('Opportunity', options, { cursor: got.cursor })
    assert.deepEqual(got.events.map(e => [e.deleted ? e.key : e.payload.Name, e.deleted]), [['three', false], [record.id, true]])
    await r.platform.admin('POST', 'clock', { advance_ms: -130000 })
  })

  it('captures everything there is, a page at a time, with all fields, over lost cursors', async () => {
    await r.platform.admin('POST', 'settings', { page_size: 2 })
    await r.platform.admin('POST', 'faults', { fault: 'status', code: 400, headers: { 'content-type': 'application/json' }, body: '[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]', match: { method: 'GET', path: 'query/01g' }, times: 1 })
    const got = await r.connector.capture('Product2', { since: 'all', overlap: '1s' }, { rounds: 1 })
    assert.equal(new Set(got.events.map(e => e.key)).size, 7)
    assert.equal(got.events[0].payload.Product_No__c, 'P-0')
    assert.deepEqual(jsonl(got.events), [...new Set(jsonl(got.events))])
    await r.platform.admin('POST', 'settings', { page_size: null })
  })

  it('reads children that did not fit into one answer', async () => {
    await r.platform.admin('POST', 'faults', { fault: 'status', code: 200, headers: { 'content-type': 'application/json' }, times: 1, match: { method: 'GET', path: 'query\\?q' },
      body: JSON.stringify({ totalSize: 1, done: true, records: [{ Id: '006000000000001AAA', SystemModstamp: '2026-01-01T00:00:00.000+0000', Lines: { totalSize: 3, done: false, nextRecordsUrl: '/services/data/v62.0/query/01gX-1', records: [{ N: 1 }] } }] }) })
    await r.platform.admin('POST', 'faults', { fault: 'status', code: 200, headers: { 'content-type': 'application/json' }, times: 1, match: { method: 'GET', path: 'query/01gX-1' },
      body: JSON.stringify({ totalSize: 3, done: true, records: [{ N: 2 }, { N: 3 }] }) })
    const got = await r.connector.capture('Opportunity', { since: 'all', fields: ['(SELECT N FROM Lines)'], deleted: false })
    assert.deepEqual(got.events[0].payload.Lines, { totalSize: 3, done: true, records: [{ N: 1 }, { N: 2 }, { N: 3 }] })
  })

  it('tells a gap with its interval when the delete log does not reach back, and goes on', async () => {
    const { record: early } = await r.platform.admin('POST', 'records/Account', { Name: 'early' })
    const { record: late } = await r.platform.admin('POST', 'records/Account', { Name: 'late' })
    const first = await r.connector.capture('Account', {})
    const began = JSON.parse(first.cursor).deleted
    await r.platform.admin('POST', 'clock', { advance_ms: 100000 })
    await r.platform.admin('DELETE', `records/Account/${early.id}`)
    await r.platform.admin('POST', 'clock', { advance_ms: 100000 })
    const { now } = await r.platform.admin('GET', 'clock')
    await r.platform.admin('POST', 'settings', { deleted_since: now })
    await r.platform.admin('DELETE', `records/Account/${late.id}`)
    await r.platform.admin('POST', 'clock', { advance_ms: 2000 })
    await r.platform.admin('POST', 'records/Account', { Name: 'another' }) // tells the platform's time
    const got = await r.connector.capture('Account', { overlap: '1s' }, { cursor: first.cursor })
    const gaps = got.events.filter(e => e.gap)
    assert.deepEqual(gaps.map(g => [g.key, Date.parse(g.payload.from), Math.abs(Date.parse(g.payload.to) - Date.parse(now)) < 1000]), [['Account', Date.parse(began), true]])
    assert.match(gaps[0].payload.why, /does not reach back/)
    assert.equal(gaps[0].payload.deletions, 'partly')
    assert.deepEqual(got.events.map(e => (e.deleted ? e.key : e.gap ? 'gap' : 'record')).filter(x => x !== 'record'), [early.id, 'gap', late.id], 'what the recycle bin has, then what the log still has')
    assert.equal(got.events.find(e => e.key === early.id).version, (await r.connector.call('query_all', { soql: `SELECT SystemModstamp FROM Account WHERE Id = '${early.id}'` })).document[0].SystemModstamp)
    const over = JSON.parse(got.cursor)
    assert.deepEqual([over.bin, over.bin_id], [undefined, undefined])
    await r.platform.admin('POST', 'settings', { deleted_since: null })
    await r.platform.admin('POST', 'clock', { advance_ms: -202000 })
  })

  it('tells a gap when the last look is longer ago than the log takes', async () => {
    const first = await r.connector.capture('Account', {})
    await r.platform.admin('POST', 'clock', { advance_ms: 40 * 86400000 })
    await r.platform.admin('POST', 'records/Account', { Name: 'after weeks' })
    const got = await r.connector.capture('Account', {}, { cursor: first.cursor })
    const gaps = got.events.filter(e => e.gap).map(g => [g.payload.from, g.payload.to].map(Date.parse))
    assert.equal(gaps[0][0], Date.parse(JSON.parse(first.cursor).deleted))
    for (let i = 1; i < gaps.length; i++) assert.equal(gaps[i][0], gaps[i - 1][1], 'without holes')
    assert.equal(got.events.filter(e => e.failed).length, 0)
    const again = await r.connector.capture('Account', {}, { cursor: got.cursor })
    assert.deepEqual(again.events.filter(e => e.gap || e.failed), [])
    await r.platform.admin('POST', 'clock', { advance_ms: -40 * 86400000 })
  })

  it('tells of a gap what the recycle bin has a page at a time, and that nothing is known where it cannot be asked', async () => {
    const ids = []
    for (let n = 0; n < 5; n++) ids.push((await r.platform.admin('POST', 'records/Product2', { Name: `bin ${n}` })).record.id)
    const first = await r.connector.capture('Product2', {})
    await r.platform.admin('POST', 'clock', { advance_ms: 100000 })
    for (const id of ids) await r.platform.admin('DELETE', `records/Product2/${id}`)
    await r.platform.admin('POST', 'clock', { advance_ms: 100000 })
    await r.platform.admin('POST', 'settings', { deleted_since: (await r.platform.admin('GET', 'clock')).now, page_size: 2 })
    await r.platform.admin('POST', 'clock', { advance_ms: 2000 })
    await r.platform.admin('POST', 'records/Product2', { Name: 'tells the time' })
    const refused = { fault: 'status', code: 400, headers: { 'content-type': 'application/json' }, body: `[{"message":"No such column 'IsDeleted'","errorCode":"INVALID_FIELD"}]`, match: { path: 'queryAll' }, times: 1 }
    await r.platform.admin('POST', 'faults', refused)
    const blind = await r.connector.capture('Product2', {}, { cursor: first.cursor })
    assert.deepEqual(blind.events.filter(e => e.gap || e.deleted || e.failed).map(e => [e.gap, e.payload.deletions]), [[true, 'unknown']])
    await r.platform.admin('POST', 'faults', { fault: '503', match: { path: 'queryAll' }, times: 1, skip: 1 })
    const cut = await r.connector.capture('Product2', {}, { cursor: first.cursor })
    assert.deepEqual(cut.events.filter(e => e.gap), [], 'no gap is told while the bin can be asked later')
    const told = cut.events.filter(e => e.deleted).map(e => e.key)
    assert.equal(told.length, 2)
    const rest = await r.connector.capture('Product2', {}, { cursor: cut.cursor })
    told.push(...rest.events.filter(e => e.deleted).map(e => e.key))
    assert.deepEqual([told.sort(), rest.events.filter(e => e.gap).map(e => e.payload.deletions)], [ids.sort(), ['partly']], 'it goes on behind the last one told')
    await r.platform.admin('POST', 'settings', { deleted_since: null, page_size: null })
    await r.platform.admin('POST', 'clock', { advance_ms: -202000 })
  })

  it('asks for deletions in halves when there are too many', async () => {
    const ids = []
    for (let n = 0; n < 8; n++) ids.push((await r.platform.admin('POST', 'records/Contact', { LastName: `n${n}` })).record.id)
    const first = await r.connector.capture('Contact', {})
    for (const id of ids) {
      await r.platform.admin('POST', 'clock', { advance_ms: 130000 })
      await r.platform.admin('DELETE', `records/Contact/${id}`)
    }
    await r.platform.admin('POST', 'clock', { advance_ms: 130000 })
    await r.platform.admin('POST', 'records/Contact', { LastName: 'now' })
    await r.platform.admin('POST', 'settings', { deleted_limit: 2 })
    const got = await r.connector.capture('Contact', {}, { cursor: first.cursor })
    assert.deepEqual(got.events.filter(e => e.deleted).map(e => e.key), ids, JSON.stringify(got.events.filter(e => e.failed || e.gap)))
    assert.deepEqual(got.events.filter(e => e.gap || e.failed), [])
    await r.platform.admin('POST', 'settings', { deleted_limit: 600000 })
    await r.platform.admin('POST', 'clock', { advance_ms: -9 * 130000 })
  })

  const puts = (object, field, docs) => docs.map(record => ({ object, key: { [field]: record[field] }, record }))

  it('puts 200 rows in one request, each with its own outcome', async () => {
    const docs = Array.from({ length: 200 }, (_, n) => ({ Account_No__c: `M-${n}`, Name: n === 7 ? '' : `many ${n}`, Credit_Limit__c: 12345678901234.56 }))
    await r.platform.admin('POST', 'faults', { fault: 'lock_row', rows: 50, times: 1, match: { path: 'composite/sobjects' } })
    const got = await r.connector.many('put', 'Account', puts('Account', 'Account_No__c', docs))
    assert.deepEqual([got.class, got.transfers, got.rows.length], ['done', 1, 200], got.message)
    const by = cls => got.rows.filter(x => x.class === cls).map(x => x.row)
    assert.deepEqual(by('conflict'), [0, 50, 100, 150])
    assert.deepEqual(by('data'), [7])
    assert.match(got.rows[7].message, /./)
    assert.deepEqual([got.rows[0].code, got.rows[0].wait_ms, got.rows[1].created], ['UNABLE_TO_LOCK_ROW', 5000, 'yes'])
    const again = await r.connector.many('put', 'Account', puts('Account', 'Account_No__c', docs.map(d => ({ ...d, Name: 'x' }))))
    assert.deepEqual([again.rows[1].id, again.rows[1].created, again.rows[0].created], [got.rows[1].id, 'no', 'yes'])
    const read = await r.connector.call('get', { object: 'Account', id: again.rows[9].id })
    assert.equal(read.document.Name, 'x')
  })

  it('keeps rows of another key apart, and those that cannot go alone', async () => {
    const id = (await r.connector.call('find', { object: 'Account', field: 'Account_No__c', value: 'M-1' })).id
    const rows = [...puts('Account', 'Account_No__c', [{ Account_No__c: 'M-2', Name: 'two' }]), { object: 'Account', key: { Id: id }, record: { Name: 'one' } }, { object: 'Account', key: {}, record: {} },
      ...puts('Account', 'Account_No__c', [{ Account_No__c: 'M-3', Name: 'three' }])]
    const got = await r.connector.many('put', 'Account', rows)
    assert.deepEqual([got.transfers, [...got.rows].sort((a, b) => a.row - b.row).map(x => x.class)], [2, ['done', 'done', 'data', 'done']])
    assert.equal((await r.connector.call('get', { object: 'Account', id })).document.Name, 'one')
  })

  it('makes every row unknown when the answer is lost, and refused when the request is', async () => {
    const rows = puts('Account', 'Account_No__c', [{ Account_No__c: 'M-8', Name: 'a' }, { Account_No__c: 'M-9', Name: 'b' }])
    await r.platform.admin('POST', 'faults', { fault: 'drop_after_commit', times: 1, match: { path: 'composite' } })
    const lost = await r.connector.many('put', 'Account', rows)
    assert.deepEqual(lost.rows.map(x => [x.class, x.unknown]), [['retry', true], ['retry', true]])
    const nothing = await r.connector.many('put', 'Nothing__c', rows)
    assert.deepEqual(nothing.rows.map(x => x.class), [nothing.class, nothing.class])
    assert.notEqual(nothing.class, 'done')
    const twice = await r.connector.many('put', 'Account', [rows[0], rows[0], rows[1]])
    assert.deepEqual(twice.rows.map(x => x.class), ['conflict', 'conflict', 'done'], 'two rows of one record: the platform refuses both')
  })

  it('reads the record that a hint names, or says that it is gone', async () => {
    const id = (await r.connector.call('find', { object: 'Account', field: 'Account_No__c', value: 'A-1' })).id
    const { event } = await r.connector.ask({ hint: 'Account', key: id })
    assert.deepEqual([event.key, event.version, event.deleted], [id, event.payload.SystemModstamp, false])
  })
})

describe('salesforce with a wrong key', () => {
  const other = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const r = rig('salesforce', ['--public-key', join(scratch, 'sf.pem')], url => ({ ...salesforceSettings(url), auth: { ...salesforceSettings(url).auth, key: other } }))

  it('is refused with the words of the token endpoint', async () => {
    const got = await r.connector.ask({ probe: true })
    assert.equal(got.class, 'auth')
    assert.match(got.message, /invalid assertion/)
  })
})

/* ---- OData --------------------------------------------------------------------------------------------------------------- */

const erpSettings = url => ({ url: `${url}/odata/v4/erp`, auth: { kind: 'basic', user: 'sync', password: 'sync-pw' } })
const erpOperations = join(scratch, 'erp.json')
writeFileSync(erpOperations, JSON.stringify({ operations: {
  credit_status: { effect: 'read', method: 'GET', path: "CreditStatus(AccountNo='{account_no}')", args: { type: 'object', required: ['account_no'], properties: { account_no: { type: 'string' } } } },
  ship: { effect: 'idempotent', method: 'POST', path: "SalesOrders(OrderNo='{order_no}')/Erp.Ship", body: { Carrier: '{carrier}' }, args: { type: 'object', required: ['order_no'], properties: { order_no: { type: 'string' }, carrier: { type: 'string' } } } },
} }))
const order = { OrderNo: "SO-1'/ä", PartnerNo: 'BP-1', Currency: 'EUR', NetAmount: 9007199254740.93, Items: [{ LineNo: 10, ProductNo: 'P-1', Quantity: 1.5, UnitPrice: 0.1 }] }
const orderKey = { OrderNo: order.OrderNo }

for (const [title, args] of [['odata', []], ['odata of SAP, with CSRF tokens', ['--csrf']], ['odata that wants ETags and answers XML', ['--require-etag', '--errors', 'xml']]]) {
  describe(title, () => {
    const r = rig('odata', args, erpSettings, erpOperations)
    before(async () => { await r.platform.admin('POST', 'records/BusinessPartners', { PartnerNo: 'BP-1', Name: 'Müller', CreditLimit: 1000, Currency: 'EUR' }) })

    it('puts by alternate key with its lines, numbers exact', async () => {
      const made = await r.connector.call('put', { object: 'SalesOrders', key: orderKey, record: order })
      assert.deepEqual([made.class, made.created], ['done', 'yes'], made.message)
      assert.match(made.id, /^[0-9a-f-]{36}$/)
      assert.ok(made.version.length > 0)
      const read = await r.connector.call('get', { object: 'SalesOrders', key: orderKey, expand: 'Items' })
      assert.deepEqual([read.document.NetAmount, read.document.Items[0].Quantity, read.id, read.version], ['9007199254740.93', '1.5', made.id, made.version].map((v, i) => (i === 1 ? read.document.Items[0].Quantity : v)))
      assert.equal(Number(read.document.Items[0].Quantity), 1.5)
      const again = await r.connector.call('put', { object: 'SalesOrders', key: orderKey, record: { ...order, Note: 'again' } })
      assert.deepEqual([again.class, again.id], ['done', made.id], again.message)
      assert.notEqual(again.version, made.version)
      const stale = await r.connector.call('put', { object: 'SalesOrders', key: orderKey, record: { Note: 'late' } }, { version: made.version })
      assert.deepEqual([stale.class, stale.status], ['conflict', 412])
    })

    it('updates only what is there, and deletes twice', async () => {
      assert.equal((await r.connector.call('update', { object: 'SalesOrders', key: { OrderNo: 'none' }, record: { Note: 'x' } })).class, 'missing')
      assert.equal((await r.connector.call('update', { object: 'SalesOrders', key: orderKey, record: { Note: 'x' } })).class, 'done')
      const made = await r.connector.call('create', { object: 'SalesOrders', record: { ...order, OrderNo: 'SO-2' } })
      assert.deepEqual([made.class, made.created], ['done', 'yes'], made.message)
      const found = await r.connector.ask({ lookup: 'create', args: { object: 'SalesOrders', record: {}, match: { field: 'OrderNo', value: 'SO-2' } } })
      assert.deepEqual([found.class, found.matches], ['done', 1], found.message)
      assert.equal((await r.connector.call('delete', { object: 'SalesOrders', key: made.id })).class, 'done')
      assert.equal((await r.connector.call('delete', { object: 'SalesOrders', key: made.id })).class, 'done')
      const gone = await r.connector.call('get', { object: 'SalesOrders', key: { OrderNo: 'SO-2' } })
      assert.deepEqual([gone.class, gone.document], ['done', undefined])
    })

    it('asks and acts by operations that the system adds', async () => {
      const credit = await r.connector.call('credit_status', { account_no: 'BP-1' })
      assert.deepEqual([credit.class, credit.document.CreditLimit], ['done', '1000'], credit.message)
    })

    it('says what the platform says, from JSON and from XML', async () => {
      const got = await r.connector.call('put', { object: 'SalesOrders', key: { OrderNo: 'SO-9' }, record: { OrderNo: 'SO-9', PartnerNo: 'BP-1', Nonsense: 1 } })
      assert.deepEqual([got.class, got.status], ['data', 400])
      assert.match(got.message, /Nonsense/)
    })

    it('follows pages and counts', async () => {
      for (let i = 0; i < 5; i++) await r.platform.admin('POST', 'records/Products', { ProductNo: `P-${i}`, Name: `P${i}` })
      await r.platform.admin('POST', 'settings', { page_size: 2 })
      const got = await r.connector.call('query', { object: 'Products', orderby: 'ProductNo desc', select: 'ProductNo', filter: "ProductNo ne 'P-3'" })
      assert.deepEqual([got.class, got.document.map(p => p.ProductNo).join(), got.transfers], ['done', 'P-4,P-2,P-1,P-0', 2], got.message)
      assert.equal((await r.connector.call('count', { object: 'Products' })).document, 5)
      await r.platform.admin('POST', 'settings', { page_size: 1000 })
    })

    it('captures from now on by ModifiedAt, and a backlog page by page', async () => {
      let got = await r.connector.capture('SalesOrders', { expand: 'Items' })
      assert.deepEqual(got.events, [])
      await r.connector.call('put', { object: 'SalesOrders', key: orderKey, record: { Note: 'changed' } })
      got = await r.connector.capture('SalesOrders', { expand: 'Items' }, { cursor: got.cursor })
      assert.deepEqual(got.events.map(e => [e.object, e.payload.Note, e.payload.Items.length]), [['SalesOrders', 'changed', 1]])
      assert.equal(got.events[0].version, got.events[0].payload.ModifiedAt)
      assert.equal(got.events[0].key, got.events[0].payload.ID)
      got = await r.connector.capture('SalesOrders', { expand: 'Items' }, { cursor: got.cursor })
      assert.deepEqual(got.events, [])
      await r.platform.admin('POST', 'settings', { page_size: 2 })
      const all = await r.connector.capture('Products', { since: 'all' }, { rounds: 1 })
      assert.deepEqual(all.events.map(e => e.key), ['P-0', 'P-1', 'P-2', 'P-3', 'P-4'])
      await r.platform.admin('POST', 'settings', { page_size: 1000 })
      const { event } = await r.connector.ask({ hint: 'Products', key: 'P-3' })
      assert.deepEqual([event.key, event.payload.Name], ['P-3', 'P3'])
    })

    it('captures by delta links: changes and deletions, page by page, over an expired link', async () => {
      const person = (no, name) => r.platform.admin('POST', 'records/Products', { ProductNo: no, Name: name })
      const delta = { delta: '1m', poll: undefined }
      for (let i = 0; i < 5; i++) await person(`D-${i}`, `d${i}`)
      await r.platform.admin('POST', 'settings', { page_size: 2 })
      const known = (await r.platform.admin('GET', 'records/Products')).records.length
      const all = await r.connector.capture('Products', { ...delta, since: 'all' })
      assert.deepEqual([all.events.length, all.events.filter(e => e.failed)], [known, []])
      assert.equal(all.events[0].version, all.events[0].payload.ModifiedAt)
      let got = await r.connector.capture('Products', delta)
      assert.deepEqual(got.events, [], 'from now on: what is there already is no news')
      await r.platform.admin('PATCH', 'records/Products/D-1', { Name: 'changed' })
      await r.platform.admin('DELETE', 'records/Products/D-2')
      await person('D-9', 'new')
      got = await r.connector.capture('Products', delta, { cursor: got.cursor })
      assert.deepEqual(got.events.map(e => [e.key, e.deleted, e.payload?.Name]), [['D-1', false, 'changed'], ['D-2', true, undefined], ['D-9', false, 'new']])
      const same = await r.connector.capture('Products', delta, { cursor: got.cursor })
      assert.deepEqual(same.events, [])
      await r.platform.admin('DELETE', 'records/Products/D-3')
      await r.platform.admin('PATCH', 'records/Products/D-4', { Name: 'in the gap' })
      await r.platform.admin('POST', 'expire_deltas')
      const over = await r.connector.capture('Products', delta, { cursor: got.cursor })
      const [gap, ...rest] = over.events
      assert.deepEqual([gap.gap, gap.object, gap.payload.from], [true, 'Products', JSON.parse(got.cursor).at])
      assert.ok(Date.parse(gap.payload.to) >= Date.parse(gap.payload.from))
      assert.match(gap.payload.why, /expired/)
      assert.equal(gap.payload.deletions, 'unknown')
      assert.equal(rest.find(e => e.key === 'D-4').payload.Name, 'in the gap')
      assert.equal(rest.find(e => e.key === 'D-1').dedupe, `Products:D-1:${rest.find(e => e.key === 'D-1').version}`, 'unchanged ones are known by their version')
      assert.equal(rest.some(e => e.key === 'D-3'), false, 'nobody tells what was deleted')
      await r.platform.admin('DELETE', 'records/Products/D-4')
      const after = await r.connector.capture('Products', delta, { cursor: over.cursor })
      assert.deepEqual(after.events.map(e => [e.key, e.deleted]), [['D-4', true]])
      await r.platform.admin('POST', 'settings', { page_size: 1000 })
    })

    const products = names => names.map((Name, i) => ({ object: 'Products', key: { ProductNo: `B-${i}` }, record: { ProductNo: `B-${i}`, Name } }))
    const sorted = got => [...got.rows].sort((a, b) => a.row - b.row)

    it('puts many in a $batch, each row with its own outcome', async () => {
      const rows = products(['zero', 'one', 'two', 'three'])
      rows[1].record.Nonsense = 1
      rows.push({ object: 'Products', key: {}, record: {} })
      const got = await r.connector.many('put', 'Products', rows)
      assert.equal(got.class, 'done', got.message)
      assert.deepEqual(sorted(got).map(x => x.class), ['done', 'data', 'done', 'done', 'data'])
      assert.match(sorted(got)[1].message, /Nonsense/)
      const again = await r.connector.many('put', 'Products', products(['0', '1', '2', "it's 3\r\n--tidelock_batch"]))
      assert.deepEqual(sorted(again).map(x => x.class), ['done', 'done', 'done', 'done'], JSON.stringify(again))
      assert.equal(sorted(again)[2].id, 'B-2')
      assert.ok(sorted(again)[2].version, 'the version that it has now')
      assert.equal((await r.connector.call('get', { object: 'Products', key: 'B-3' })).document.Name, "it's 3\r\n--tidelock_batch")
      const batches = (await r.platform.admin('GET', 'log?method=POST&path=batch')).entries
      assert.ok(batches.length >= 2 && batches.every(b => b.headers.prefer.includes('continue-on-error')))
    })

    it('makes every row unknown when the answer of a $batch is lost, and does without one', async () => {
      await r.platform.admin('POST', 'faults', { fault: 'drop_after_commit', match: { method: 'POST', path: 'batch' }, times: 1 })
      const lost = await r.connector.many('put', 'Products', products(['a', 'b']))
      assert.deepEqual(lost.rows.map(x => [x.class, x.unknown]), [['retry', true], ['retry', true]])
      await r.platform.admin('POST', 'settings', { batch: false })
      const other = new Connector('odata@1', r.settings, erpOperations)
      const alone = await other.many('put', 'Products', products(['x', 'y', 'z']))
      await r.platform.admin('POST', 'faults', { fault: '503', match: { method: 'PATCH' } })
      const down = await other.many('put', 'Products', products(['u', 'v']))
      await other.close()
      await r.platform.admin('DELETE', 'faults')
      await r.platform.admin('POST', 'settings', { batch: true })
      assert.deepEqual(sorted(alone).map(x => x.class), ['done', 'done', 'done'], alone.message)
      assert.deepEqual(down.rows.map(x => x.class), ['retry', 'retry'])
      assert.equal((await r.connector.call('get', { object: 'Products', key: 'B-2' })).document.Name, 'z')
    })

    it('says so when the service tracks no changes', async () => {
      await r.platform.admin('POST', 'faults', { fault: 'status', code: 200, headers: { 'content-type': 'application/json' }, body: '{"value":[]}', match: { path: 'Products' }, times: 1 })
      const got = await r.connector.capture('Products', { delta: '1m', poll: undefined })
      assert.equal(got.events.at(-1).failed?.class, 'config')
    })

    it('goes on after its session is lost', async () => {
      await r.platform.admin('POST', 'expire_sessions')
      const got = await r.connector.call('put', { object: 'SalesOrders', key: orderKey, record: { Note: 'after' } })
      assert.equal(got.class, 'done', got.message)
    })
  })
}

/* ---- Zendesk ------------------------------------------------------------------------------------------------------------- */

const secret = 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=='
const deskSettings = url => ({ url, auth: { kind: 'basic', user: 'agent@sandbox.test', token: 'sandbox-token' }, webhook_secret: secret })
const signed = (body, at = new Date(Date.now()).toISOString().slice(0, 19) + 'Z') => ({ webhook: body, headers: { 'content-type': 'application/json',
  'x-zendesk-webhook-signature-timestamp': at, 'x-zendesk-webhook-signature': crypto.createHmac('sha256', secret).update(at + body).digest('base64') } })

for (const [title, auth] of [['zendesk by API token', null], ['zendesk by OAuth', { kind: 'oauth2_client_credentials', client_id: 'sandbox-client', client_secret: 'sandbox-secret' }]]) {
  describe(title, () => {
    const r = rig('zendesk', [], url => ({ ...deskSettings(url), ...(auth ? { auth } : {}) }))

    it('puts organizations and users by external_id', async () => {
      const made = await r.connector.call('put', { object: 'organizations', key: { external_id: 'A-1' }, record: { external_id: 'A-1', name: 'Müller' } })
      assert.deepEqual([made.class, made.created], ['done', 'yes'], made.message)
      const again = await r.connector.call('put', { object: 'Organization', key: { external_id: 'A-1' }, record: { name: 'Müller GmbH' } })
      assert.deepEqual([again.class, again.created, again.id, again.document.name], ['done', 'no', made.id, 'Müller GmbH'])
      assert.equal(again.version, again.document.updated_at)
      const user = await r.connector.call('put', { object: 'users', key: { email: 'eva@acme.example' }, record: { name: 'Eva', external_id: 'U-1' } })
      assert.deepEqual([user.class, user.created], ['done', 'yes'], user.message)
    })

    it('puts tickets once, also when the answer was lost, and not when two have the id', async () => {
      const put = (subject) => r.connector.call('put', { object: 'tickets', key: { external_id: 'T-1' }, record: { subject, comment: { body: 'help' } } })
      await r.platform.admin('POST', 'faults', { fault: 'drop_after_commit', match: { method: 'POST', path: 'tickets' }, times: 1 })
      const lost = await put('one')
      assert.deepEqual([lost.class], ['retry'])
      const made = await put('one')
      assert.equal(made.class, 'done', made.message)
      assert.equal((await put('two')).document.subject, 'two')
      assert.equal((await r.connector.call('find', { object: 'tickets', external_id: 'T-1' })).matches, 1)
      await r.platform.admin('POST', 'records/tickets', { subject: 'twin', external_id: 'T-1', comment: { body: 'x' } })
      const twice = await put('three')
      assert.deepEqual([twice.class], ['data'])
      assert.match(twice.message, /several records/)
    })

    it('creates under our key: the same key makes no second one', async () => {
      const create = key => r.connector.call('create', { object: 'tickets', record: { subject: 'keyed', external_id: 'K-1', comment: { body: 'x' } } }, { idempotency_key: key })
      const made = await create('k-1')
      const again = await create('k-1')
      assert.deepEqual([made.class, made.created, again.class, again.id], ['done', 'yes', 'done', made.id])
      const other = await r.connector.call('create', { object: 'tickets', record: { subject: 'other', comment: { body: 'x' } } }, { idempotency_key: 'k-1' })
      assert.deepEqual([other.class, other.code], ['data', 'IdempotentRequestError'])
      const found = await r.connector.ask({ lookup: 'create', args: { object: 'tickets', record: { external_id: 'K-1' } } })
      assert.deepEqual([found.class, found.matches, found.id], ['done', 1, made.id], found.message)
    })

    it('updates a ticket only while it has its version', async () => {
      const { id, version } = await r.connector.call('create', { object: 'tickets', record: { subject: 'v', comment: { body: 'x' } } }, { idempotency_key: 'v-1' })
      await r.platform.admin('POST', 'clock', { advance_ms: 2000 })
      assert.equal((await r.connector.call('update', { object: 'tickets', id, record: { priority: 'high' } }, { version })).class, 'done')
      const stale = await r.connector.call('update', { object: 'tickets', id, record: { priority: 'low' } }, { version })
      assert.deepEqual([stale.class, stale.status], ['conflict', 409])
      await r.platform.admin('POST', 'clock', { advance_ms: -2000 })
    })

    it('comments and answers, and finds both again by their reference', async () => {
      const { id: ticket } = await r.connector.call('create', { object: 'tickets', record: { subject: 'm', comment: { body: 'x' } } }, { idempotency_key: 'm-1' })
      const look = (kind, reference) => r.connector.call('message_find', { ticket, kind, reference })
      await r.platform.admin('POST', 'faults', { fault: 'drop_after_commit', match: { method: 'PUT', path: 'tickets' }, times: 1 })
      assert.equal((await r.connector.call('reply', { ticket, text: 'You get it back', reference: 'reply:1' })).unknown, true)
      const settled = await r.connector.ask({ lookup: 'reply', args: { ticket, text: 'You get it back', reference: 'reply:1' } })
      assert.deepEqual([settled.class, settled.matches, settled.document.ticket], ['done', 1, String(ticket)], settled.message)
      const note = await r.connector.call('comment', { ticket, text: '<b>inside</b>', html: true, reference: 'note:1' })
      assert.deepEqual([note.class, note.created], ['done', 'yes'], note.message)
      assert.deepEqual([(await look('comment', 'note:1')).matches, (await look('reply', 'note:1')).matches, (await look('comment', 'note')).matches], [1, 0, 0])
      const { records } = await r.platform.admin('GET', 'records/comments')
      assert.deepEqual(records.map(x => x.doc).filter(d => d.ticket_id === Number(ticket)).map(d => [d.body, d.public]), [['x', true], ['You get it back', true], ['<b>inside</b>', false]])
      assert.equal((await r.connector.call('comment', { ticket: 999999, text: 'x', reference: 'r' })).class, 'missing')
    })

    it('finds a message on a later page of the audits', async () => {
      const { id: ticket } = await r.connector.call('create', { object: 'tickets', record: { subject: 'p', comment: { body: 'x' } } }, { idempotency_key: 'p-1' })
      for (let n = 1; n <= 120; n++) await r.platform.admin('PATCH', `records/tickets/${ticket}`, { comment: { body: `n ${n}` } })
      await r.connector.call('comment', { ticket, text: 'the last', reference: 'last' })
      const found = await r.connector.call('message_find', { ticket, kind: 'comment', reference: 'last' })
      assert.deepEqual([found.matches, found.transfers], [1, 2])
    })

    it('deletes twice, and finds nothing after', async () => {
      const { id } = await r.connector.call('create', { object: 'organizations', record: { name: 'gone' } }, { idempotency_key: 'd-1' })
      assert.equal((await r.connector.call('delete', { object: 'organizations', id })).class, 'done')
      assert.equal((await r.connector.call('delete', { object: 'organizations', id })).class, 'done')
      const gone = await r.connector.call('get', { object: 'organizations', id })
      assert.deepEqual([gone.class, gone.document], ['done', undefined])
    })

    it('warns of fields that were ignored, and tells the rate', async () => {
      const got = await r.connector.call('put', { object: 'organizations', key: { external_id: 'A-1' }, record: { name: 'Müller', nonsense: 1 } })
      assert.equal(got.class, 'done')
      assert.match(got.warnings.join(), /nonsense/)
      assert.ok(got.quotas.some(q => q.name === 'minute' && q.limit > 0 && q.remaining >= 0))
    })

    it('lists over cursor pages, with links that name another host', async () => {
      for (let i = 0; i < 4; i++) await r.platform.admin('POST', 'records/organizations', { name: `Org ${i}` })
      await r.platform.admin('POST', 'settings', { links_host: 'https://elsewhere.example' })
      const got = await r.connector.call('list', { object: 'organizations', page_size: 2 })
      assert.equal(got.class, 'done', got.message)
      assert.equal(new Set(got.document.map(o => o.id)).size, 5)
      assert.ok(got.transfers >= 3)
      await r.platform.admin('POST', 'settings', { links_host: null })
    })

    it('classes what goes wrong', async () => {
      const put = () => r.connector.call('put', { object: 'organizations', key: { external_id: 'A-1' }, record: { name: 'Müller' } })
      await r.platform.admin('POST', 'faults', { fault: '429', retry_after: 93, match: { method: 'POST', path: 'organizations' }, times: 1 })
      assert.deepEqual(await put().then(x => [x.class, x.wait_ms]), ['retry', 93000])
      await r.platform.admin('POST', 'faults', { fault: 'html_error', match: { method: 'POST', path: 'organizations' }, times: 1 })
      assert.deepEqual(await put().then(x => [x.class, x.status]), ['retry', 502])
      await r.platform.admin('POST', 'faults', { fault: 'lock_row', match: { method: 'POST', path: 'organizations' }, times: 1 })
      assert.deepEqual(await put().then(x => [x.class, x.code]), ['conflict', 'DatabaseConflict'])
      const bad = await r.connector.call('put', { object: 'users', key: { external_id: 'U-9' }, record: { name: 'x', email: 'no mail' } })
      assert.deepEqual([bad.class, bad.status], ['data', 422])
      assert.match(bad.message, /not properly formatted/)
    })

    if (auth)
      it('gets a new token when the old one has ended', async () => {
        await r.platform.admin('POST', 'expire_sessions')
        const got = await r.connector.ask({ probe: true })
        assert.equal(got.class, 'done', got.message)
      })

    it('takes webhooks as hints, and refuses what is not signed', async () => {
      const { id } = await r.connector.call('put', { object: 'organizations', key: { external_id: 'A-1' }, record: { name: 'Müller' } })
      const body = JSON.stringify({ type: 'zen:event-type:organization.name_changed', id: 'e1', detail: { id: String(id), external_id: 'A-1' }, event: {} })
      const got = await r.connector.ask(signed(body))
      assert.deepEqual([got.why, got.events.map(e => [e.object, e.key, e.hint])], [undefined, [['organizations', String(id), true]]])
      const { event } = await r.connector.ask({ hint: 'organizations', key: String(id) })
      assert.deepEqual([event.version, event.payload.name, event.hint], [event.payload.updated_at, 'Müller', false])
      const forged = signed(body)
      forged.headers['x-zendesk-webhook-signature'] = crypto.createHmac('sha256', secret).update(body + forged.headers['x-zendesk-webhook-signature-timestamp']).digest('base64')
      assert.deepEqual(await r.connector.ask(forged).then(x => [x.refused, x.status]), [true, 401])
      assert.deepEqual(await r.connector.ask(signed(body, '2021-07-25T10:00:00Z')).then(x => [x.refused, x.status]), [true, 401])
      assert.deepEqual(await r.connector.ask(signed('{"no": json')).then(x => [x.refused, x.unreadable]), [false, true])
      assert.deepEqual(await r.connector.ask(signed('{"type":"zen:event-type:article.published","detail":{"id":"7"}}')).then(x => [x.refused, x.events]), [false, []])
      assert.deepEqual(await r.connector.ask(signed('{"ticket":{"id":35}}')).then(x => x.events.map(e => [e.object, e.key])), [['tickets', '35']])
    })

    it('captures by the exports: what changes from now on, deleted tickets too', async () => {
      for (const object of ['tickets', 'organizations']) {
        let got = await r.connector.capture(object, {})
        // What changed in the very second of the first look may be told: better once too often than never.
        await r.platform.admin('POST', 'clock', { advance_ms: 1500 })
        const { record } = await r.platform.admin('POST', `records/${object}`, object === 'tickets' ? { subject: 'new', comment: { body: 'x' } } : { name: `new ${title}` })
        await r.platform.admin('POST', 'clock', { advance_ms: 61000 })
        got = await r.connector.capture(object, {}, { cursor: got.cursor })
        assert.deepEqual([got.events.at(-1)?.key, got.events.at(-1)?.version], [String(record.id), record.doc.updated_at], object)
        if (object === 'tickets') {
          await r.platform.admin('DELETE', `records/tickets/${record.id}`)
          await r.platform.admin('POST', 'clock', { advance_ms: 61000 })
          got = await r.connector.capture(object, {}, { cursor: got.cursor })
          assert.deepEqual(got.events.map(e => [e.key, e.deleted]), [[String(record.id), true]])
        }
        got = await r.connector.capture(object, {}, { cursor: got.cursor })
        assert.deepEqual(got.events, [])
      }
    })

    it('goes on at the newest record when the export refuses its cursor, and tells a gap when it knows none', async () => {
      const ticket = async subject => {
        await r.platform.admin('POST', 'clock', { advance_ms: 400000 })
        const { record } = await r.platform.admin('POST', 'records/tickets', { subject, comment: { body: 'x' } })
        await r.platform.admin('POST', 'clock', { advance_ms: 61000 })
        return String(record.id)
      }
      let got = await r.connector.capture('tickets', {})
      const one = await ticket('one')
      assert.ok(Date.parse(JSON.parse(got.cursor).at), 'when the export last answered is kept')
      got = await r.connector.capture('tickets', {}, { cursor: got.cursor })
      assert.deepEqual(got.events.map(e => e.key), [one])
      const two = await ticket('two')
      await r.platform.admin('POST', 'expire_cursors')
      const over = await r.connector.capture('tickets', {}, { cursor: got.cursor })
      assert.deepEqual(over.events.map(e => [e.key, e.gap]), [[two, false]], 'nothing is missed, and nothing is told twice')
      await r.platform.admin('POST', 'expire_cursors')
      const { after, at } = JSON.parse(over.cursor)
      const floor = '2020-01-01T00:00:00Z'
      for (const [from, cursor] of [[at, { after, floor, at }], [floor, { after, floor }]]) {
        const asked = Date.parse((await fetch(r.platform.base)).headers.get('date')) // by its clock: Node notices a new second late
        const lost = await r.connector.capture('tickets', {}, { cursor: JSON.stringify(cursor) })
        assert.deepEqual([lost.events[0].gap, lost.events.filter(e => e.failed)], [true, []])
        const { payload } = lost.events[0]
        assert.match(payload.why, /refused/)
        assert.equal(payload.deletions, 'partly')
        assert.equal(Date.parse(payload.from), Date.parse(from), 'from the last position known')
        assert.ok(Date.parse(payload.to) >= asked && Date.parse(payload.to) <= Date.now(), `to when it was noticed: ${payload.to}`)
        await r.platform.admin('POST', 'expire_cursors')
      }
    })

    const orgs = (names, more = {}) => names.map((name, i) => ({ object: 'organizations', key: { external_id: `J-${i}` }, record: { name, ...more } }))
    const settings = what => r.platform.admin('POST', 'settings', what)

    it('puts many by a job, and asks until it has ended', async () => {
      const names = Array.from({ length: 100 }, (_, i) => (i === 41 ? '' : `many ${i}`))
      const got = await r.connector.many('put', 'organizations', orgs(names))
      assert.equal(got.class, 'done', got.message)
      assert.ok(got.transfers >= 2 && got.transfers < 12, `${got.transfers} requests`)
      assert.deepEqual(got.rows.filter(x => x.class !== 'done').map(x => [x.row, x.class, x.code]), [[41, 'data', 'RecordInvalid']])
      assert.match(got.saved, /^V3-/)
      assert.equal(got.rows[0].created, 'yes')
      const again = await r.connector.many('put', 'organizations', orgs(names.map(n => n && `${n}!`)))
      assert.deepEqual([again.rows[7].id, again.rows[7].created], [got.rows[7].id, 'no'])
      assert.equal((await r.connector.call('get', { object: 'organizations', id: got.rows[7].id })).document.name, 'many 7!')
    })

    it('asks for the job that it had saved, and writes nothing again', async () => {
      const rows = orgs(['resumed'])
      const first = await r.connector.many('put', 'organizations', rows)
      const posts = async () => (await r.platform.admin('GET', 'log?method=POST&path=create_or_update_many')).entries.length
      const before = await posts()
      const got = await r.connector.many('put', 'organizations', rows, { saved: first.saved })
      assert.deepEqual([got.rows[0].class, got.rows[0].id, await posts()], ['done', first.rows[0].id, before])
      const gone = await r.connector.many('put', 'organizations', rows, { saved: 'V3-unknown' })
      assert.deepEqual([gone.rows[0].class, gone.rows[0].unknown], ['retry', true])
    })

    it('lets a job run that cannot be asked for now, and tells what a job does not tell', async () => {
      await r.platform.admin('POST', 'faults', [{ fault: '503', match: { path: 'job_statuses' }, times: 2 }, { fault: 'drop_before_commit', match: { path: 'job_statuses' }, skip: 2, times: 1 }])
      assert.equal((await r.connector.many('put', 'organizations', orgs(['a', 'b']))).rows[1].class, 'done')
      await settings({ job_results: 'object' })
      assert.deepEqual((await r.connector.many('put', 'organizations', orgs(['c', 'd']))).rows.map(x => x.class), ['done', 'done'])
      await settings({ job_results: 'null' })
      assert.deepEqual((await r.connector.many('put', 'organizations', orgs(['e', 'f']))).rows.map(x => [x.class, x.unknown]), [['retry', true], ['retry', true]])
      await settings({ job_results: 'array', job_end: 'killed' })
      assert.deepEqual((await r.connector.many('put', 'organizations', orgs(['g']))).rows.map(x => [x.class, x.unknown, x.code]), [['retry', true, 'killed']])
      await settings({ job_end: null })
      const twice = await r.connector.many('put', 'organizations', [...orgs(['one']), ...orgs(['two'])])
      assert.deepEqual(twice.rows.map(x => x.class), ['conflict', 'conflict'])
      assert.equal((await r.connector.many('put', 'tickets', orgs(['x']))).class, 'unsupported')
    })
  })
}
