// The connector `mail` against a real mail server (smtp-server), read back with mailparser.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { after, before, describe, it } from 'node:test'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Connector } from './connector.mjs'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const require = createRequire(join(root, 'tests/sandbox/package.json'))
const modules = (() => { try { return { ...require('smtp-server'), ...require('mailparser') } } catch { return null } })() // `./dev test` installs them
const skip = modules ? false : 'smtp-server and mailparser are not installed in tests/sandbox'
if (skip) console.log(`skipped: ${skip}`)

const scratch = mkdtempSync(join(tmpdir(), 'mail-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

function certificate() {
  const [key, cert] = [join(scratch, 'key.pem'), join(scratch, 'cert.pem')]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  process.env.TL_CA_FILE = cert
  return { key: readFileSync(key), cert: readFileSync(cert) }
}

// A mail server and a connector for a describe block. `options` go to the server; r.on.<step> may refuse: [code, text].
function rig({ options = {}, settings = {}, scheme = 'smtp' }) {
  const r = { mails: [], raw: [], envelopes: [], on: {}, logins: [] }
  const verdict = (step, what) => {
    const said = r.on[step]?.(what)
    return said ? Object.assign(new Error(said[1]), { responseCode: said[0] }) : undefined
  }
  before(async () => {
    r.server = new modules.SMTPServer({
      logger: false, closeTimeout: 100, size: 200000, ...(typeof options === 'function' ? options() : options),
      onAuth(auth, session, done) {
        r.logins.push({ method: auth.method, user: auth.username, password: auth.password, token: auth.accessToken, secure: session.secure })
        const error = verdict('auth', auth)
        if (error) return done(error)
        const good = auth.method === 'XOAUTH2' ? auth.accessToken === 'good' : auth.password === 'right'
        done(null, good ? { user: auth.username } : undefined)
      },
      onMailFrom: (address, session, done) => done(verdict('from', address.address)),
      onRcptTo: (address, session, done) => done(verdict('to', address.address)),
      onData(stream, session, done) {
        const parts = []
        stream.on('data', part => parts.push(part))
        stream.on('end', async () => {
          if (r.on.drop?.()) return session.socket?.destroy() ?? r.server.connections.forEach(c => c._socket.destroy())
          const error = verdict('data')
          if (error) return done(error)
          r.raw.push(Buffer.concat(parts).toString('latin1'))
          r.mails.push(await modules.simpleParser(Buffer.concat(parts)))
          r.envelopes.push(session.envelope)
          done()
        })
      },
    })
    r.server.on('error', () => {})
    await new Promise(done => r.server.listen(0, '127.0.0.1', done))
    r.connector = new Connector('mail@1', { url: `${scheme}://127.0.0.1:${r.server.server.address().port}`, from: 'tidelock@acme.example', ...settings })
    r.send = (args, more) => r.connector.call('send', { to: 'a@b.example', subject: 'S', text: 'T', ...args }, more)
    r.last = () => r.mails.at(-1)
  })
  after(async () => {
    await r.connector?.close()
    await new Promise(done => r.server.close(done))
  })
  return r
}

const plain = { disabledCommands: ['STARTTLS', 'AUTH'], authOptional: true }

describe('mail: letters', { skip }, () => {
  const r = rig({ options: plain, settings: { tls: 'never', from_name: 'Acme "Orders"' } })

  it('sends a text to everybody', async () => {
    const got = await r.send({ to: ['a@b.example', { name: 'Müller, Jörg', address: 'joerg@b.example' }], cc: 'c@d.example', bcc: ['secret@d.example'], reply_to: { name: 'Desk', address: 'desk@acme.example' },
      subject: 'Auftrag SO-1 ist da', text: 'Grüße\n.\n. ein Punkt\n\nEnde  \n' + 'x'.repeat(500) }, { idempotency_key: 'once:1' })
    assert.deepEqual([got.class, got.status, got.created], ['done', 250, 'yes'], got.message)
    const mail = r.last()
    assert.deepEqual(r.envelopes.at(-1).rcptTo.map(a => a.address), ['a@b.example', 'joerg@b.example', 'c@d.example', 'secret@d.example'])
    assert.equal(r.envelopes.at(-1).mailFrom.address, 'tidelock@acme.example')
    assert.deepEqual(mail.to.value, [{ name: '', address: 'a@b.example' }, { name: 'Müller, Jörg', address: 'joerg@b.example' }])
    assert.deepEqual([mail.from.value[0], mail.cc.text, mail.replyTo.value[0]], [{ name: 'Acme "Orders"', address: 'tidelock@acme.example' }, 'c@d.example', { name: 'Desk', address: 'desk@acme.example' }])
    assert.equal(mail.bcc, undefined)
    assert.doesNotMatch(r.raw.at(-1), /secret/)
    assert.equal(mail.subject, 'Auftrag SO-1 ist da')
    assert.equal(mail.text, 'Grüße\n.\n. ein Punkt\n\nEnde  \n' + 'x'.repeat(500) + '\n')
    assert.equal(mail.messageId, `<${got.id}>`)
    assert.ok(Math.abs(mail.date - Date.now()) < 60000, String(mail.date))
    assert.equal(mail.headers.get('auto-submitted'), 'auto-generated')
  })

  it('keeps the Message-ID of an effect, and gives another to another', async () => {
    const ids = []
    for (const key of ['invoice:1', 'invoice:1', 'invoice:2']) ids.push((await r.send({}, { idempotency_key: key })).id)
    assert.equal(ids[0], ids[1])
    assert.notEqual(ids[1], ids[2])
    assert.match(ids[0], /^[0-9a-f]{32}@acme\.example$/)
    const told = id => r.connector.call('notify', { id, to: 'a@b.example', subject: 'S', text: 'T' })
    assert.equal((await told('shipped:1')).id, (await told('shipped:1')).id)
    assert.notEqual((await told('shipped:1')).id, (await told('shipped:2')).id)
  })

  it('puts HTML beside the text', async () => {
    await r.send({ text: 'plain = text', html: '<p style="x">Grüße =_ &amp; mehr</p>' })
    const mail = r.last()
    assert.equal(mail.text.trim(), 'plain = text')
    assert.equal(mail.html.trim(), '<p style="x">Grüße =_ &amp; mehr</p>')
    assert.match(r.raw.at(-1), /multipart\/alternative/)
  })

  it('writes subjects of any letters and any length, on lines of at most 78', async () => {
    const subjects = ['plain', 'Grüße aus Köln', '=?UTF-8?Q?not_encoded?=', '日本語のとても長い件名'.repeat(20), '🚢'.repeat(90), 'a long one in plain letters, '.repeat(12), ' leading and trailing ', '"quoted" <x@y>']
    for (const subject of subjects) {
      const got = await r.send({ subject })
      assert.equal(got.class, 'done', got.message)
      assert.equal(r.last().subject.trim(), subject.trim())
      const [head] = r.raw.at(-1).split('\r\n\r\n')
      for (const line of head.split('\r\n')) assert.ok(line.length <= 78 && /^[\x20-\x7e]*$/.test(line), line)
    }
  })

  it('takes headers that may be given, and no others', async () => {
    const got = await r.send({ headers: { 'X-Order': 'SO-1 für Köln', 'List-Id': '<orders.acme.example>', 'In-Reply-To': '<1@acme.example>', 'Auto-Submitted': 'auto-replied' } })
    assert.equal(got.class, 'done', got.message)
    const { headers } = r.last()
    assert.deepEqual([headers.get('x-order'), r.last().inReplyTo, headers.get('auto-submitted')], [`=?UTF-8?B?${Buffer.from('SO-1 für Köln').toString('base64')}?=`, '<1@acme.example>', 'auto-replied'])
    for (const name of ['Bcc', 'From', 'Sender', 'Content-Type', 'Subject', 'DKIM-Signature', 'X-A: b\r\nBcc', 'X-Ä', 'X-'])
      assert.deepEqual(await r.send({ headers: { [name]: 'evil@x.example' } }).then(g => [g.class, g.transfers]), ['data', 0], name)
  })

  it('lets nothing add a header or a receiver', async () => {
    const before = r.mails.length
    const evil = 'x\r\nBcc: evil@x.example', addresses = ['a@b.example\r\nBcc: evil@x.example', 'a@b.example>\r\nRCPT TO:<evil@x.example', 'a@b', 'a@b..c', '@b.example', 'a b@c.example', 'a@b.example,evil@x.example', 'Ä@b.example', 'a@köln.example', '"a b"@c.example', ''].filter(a => a !== 'a@b')
    for (const args of [{ subject: evil }, { subject: 'x\nBcc: evil@x.example' }, { subject: 'a\u0000b' }, { headers: { 'X-A': evil } }, { to: { name: evil, address: 'a@b.example' } }, ...addresses.map(to => ({ to })), ...addresses.map(cc => ({ cc })), ...addresses.map(address => ({ reply_to: { address } })), { to: [] }, { to: 5 }, { to: {} }, { to: Array(101).fill('a@b.example') }]) {
      const got = await r.send(args)
      assert.deepEqual([got.class, got.transfers], ['data', 0], JSON.stringify(args))
      assert.ok(got.message.length > 5)
    }
    assert.equal(r.mails.length, before)
    await r.send({ text: 'x\r\n.\r\nMAIL FROM:<evil@x.example>\r\n\u0000', to: { name: 'Bcc: evil@x.example', address: 'a@b.example' } })
    assert.deepEqual(r.envelopes.at(-1).rcptTo.map(a => a.address), ['a@b.example'])
    assert.equal(r.mails.length, before + 1)
    assert.match(r.last().text, /MAIL FROM:<evil@x.example>/)
  })
})

describe('mail: attachments', { skip }, () => {
  const r = rig({ options: { ...plain, size: 20 << 20 }, settings: { tls: 'never' } })
  const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => i * 7 % 256))
  const pdf = { name: 'invoice.pdf', type: 'application/pdf', content: bytes.toString('base64'), encoding: 'base64' }

  it('go beside text and HTML, byte for byte', async () => {
    const lines = '--=_\r\n.\r\nGrüße\n'
    const got = await r.send({ text: 'See the invoice.', html: '<b>See</b>', attachments: [pdf, { name: 'lines.csv', type: 'text/csv', content: lines }, { name: 'empty', content: '' }] })
    assert.equal(got.class, 'done', got.message)
    const mail = r.last()
    assert.deepEqual([mail.text.trim(), mail.html.trim()], ['See the invoice.', '<b>See</b>'])
    assert.deepEqual(mail.attachments.map(a => [a.filename, a.contentType, a.contentDisposition]), [['invoice.pdf', 'application/pdf', 'attachment'], ['lines.csv', 'text/csv', 'attachment'], ['empty', 'application/octet-stream', 'attachment']])
    assert.deepEqual(mail.attachments.map(a => a.content.toString('latin1')), [bytes.toString('latin1'), Buffer.from(lines).toString('latin1'), ''])
    assert.match(r.raw.at(-1), /multipart\/mixed[^]*multipart\/alternative/)
  })

  it('go beside a text alone; an empty list is none', async () => {
    await r.send({ text: 'T', attachments: [pdf] })
    assert.deepEqual([r.last().text.trim(), r.last().html, r.last().attachments.length], ['T', false, 1])
    assert.doesNotMatch(r.raw.at(-1), /alternative/)
    await r.send({ text: 'T', attachments: [] })
    assert.doesNotMatch(r.raw.at(-1), /multipart/)
  })

  it('have names of any letters and any length, on lines of at most 78', async () => {
    const names = ['a b.pdf', 'Größe "1" 100%.pdf', "it's.pdf", '日本語の請求書.pdf', `${'x'.repeat(150)}.pdf`, 'ü'.repeat(100), '🚢'.repeat(50), 'a; filename=b.exe', '=?UTF-8?Q?x?=.pdf']
    const got = await r.send({ attachments: names.map(name => ({ ...pdf, name })) })
    assert.equal(got.class, 'done', got.message)
    assert.deepEqual(r.last().attachments.map(a => a.filename), names)
    for (const line of r.raw.at(-1).split('\r\n')) assert.ok(line.length <= 78 && /^[\x20-\x7e]*$/.test(line), line)
  })

  it('are refused when they are not fit, and nothing is sent', async () => {
    const before = r.mails.length
    const wrong = [{ ...pdf, name: 'a\r\nBcc: x@y.example' }, { ...pdf, name: '../passwd' }, { ...pdf, name: 'a\\b' }, { ...pdf, name: '' }, { ...pdf, name: 'x'.repeat(201) }, { ...pdf, type: 'pdf' }, { ...pdf, type: 'text/html\r\nX-A: b' }, { ...pdf, type: 'text/html; charset=x' }, { ...pdf, type: 'multipart/mixed' }, { ...pdf, type: 'message/rfc822' },
      { ...pdf, content: '§§' }, { ...pdf, encoding: 'hex' }, { name: 'x' }, 5, 'text']
    for (const attachments of [...wrong.map(one => [pdf, one]), Array(21).fill(pdf), pdf, 'text']) {
      const got = await r.send({ attachments })
      assert.deepEqual([got.class, got.transfers], ['data', 0], JSON.stringify(attachments).slice(0, 200))
      assert.match(got.message, /attachments/)
    }
    assert.equal(r.mails.length, before)
  })

  it('are 10 MB together at most', async () => {
    const half = { name: 'half', content: 'x'.repeat(5 << 20) }
    const got = await r.send({ attachments: [half, half] })
    assert.deepEqual([got.class, r.last().attachments.map(a => a.size)], ['done', [5 << 20, 5 << 20]], got.message)
    const more = await r.send({ attachments: [half, half, { name: 'one', content: '1' }] })
    assert.deepEqual([more.class, more.transfers], ['data', 0])
    assert.match(more.message, /10 MB/)
  })
})

describe('mail: what the server says', { skip }, () => {
  const r = rig({ options: plain, settings: { tls: 'never' } })
  const refused = async (step, code) => {
    r.on[step] = () => [code, `${code} at ${step}`]
    const got = await r.send({ to: ['a@b.example', 'c@d.example'] })
    delete r.on[step]
    return got
  }

  it('classes its codes, at every step, with its words', async () => {
    for (const step of ['from', 'to', 'data'])
      for (const [code, expected] of [[421, 'retry'], [454, 'retry'], [450, 'conflict'], [451, 'conflict'], [452, 'conflict'], [550, 'data'], [552, 'data'], [554, 'data'], [530, 'auth']]) {
        const got = await refused(step, code)
        assert.deepEqual([got.class, got.status, got.unknown], [expected, code, false], `${step} ${code}: ${got.message}`)
        assert.match(got.message, new RegExp(`^${code}.*at ${step}`))
      }
    assert.equal(r.mails.length, 0)
  })

  it('takes a refused address for a fault of the letter, whatever the code', async () => {
    for (const [code, words, expected] of [[501, '5.1.3 Bad address syntax', 'data'], [504, '5.5.2 <a@b>: Recipient address rejected: need fully-qualified address', 'data'], [503, '5.5.1 RCPT first', 'config'], [502, '5.5.1 not implemented', 'config']]) {
      r.on.to = () => [code, words]
      const got = await r.send({})
      delete r.on.to
      assert.deepEqual([got.class, got.status], [expected, code], got.message)
    }
  })

  it('sends to all receivers or to none', async () => {
    r.on.to = address => address === 'c@d.example' && [550, 'no such user']
    const got = await r.send({ to: ['a@b.example', 'c@d.example'] })
    delete r.on.to
    assert.deepEqual([got.class, r.mails.length], ['data', 0])
  })

  it('does not know what became of a letter whose answer is lost; a refused connection is none', async () => {
    r.on.drop = () => true
    const got = await r.send({})
    delete r.on.drop
    assert.deepEqual([got.class, got.unknown], ['retry', true], got.message)
    const nobody = new Connector('mail@1', { url: 'smtp://127.0.0.1:1', from: 'tidelock@acme.example' })
    const not = await nobody.call('send', { to: 'a@b.example', subject: 'S', text: 'T' })
    await nobody.close()
    assert.deepEqual([not.class, not.unknown], ['retry', false])
  })

  it('says whether the way is open, without a letter', async () => {
    const before = r.mails.length
    assert.equal((await r.connector.ask({ probe: true })).class, 'done')
    assert.equal(r.mails.length, before)
  })

  it('refuses a sender that is no address', async () => {
    const wrong = new Connector('mail@1', { url: 'smtp://127.0.0.1:1', from: 'Tidelock <x@y.example>' })
    assert.equal((await wrong.call('send', { to: 'a@b.example', subject: 'S', text: 'T' })).class, 'config')
    await wrong.close()
  })
})

describe('mail: TLS is wanted unless said otherwise', { skip }, () => {
  const r = rig({ options: plain })

  it('sends nothing in clear', async () => {
    const got = await r.send({})
    assert.deepEqual([got.class, got.unknown, r.mails.length], ['retry', false, 0])
    assert.match(got.message, /STARTTLS|SSL|TLS/)
  })
})

describe('mail: STARTTLS and AUTH', { skip }, () => {
  const r = rig({ options: () => ({ ...certificate(), authMethods: ['PLAIN', 'LOGIN', 'XOAUTH2'] }), settings: { tls: 'offered', auth: { kind: 'basic', user: 'mailer', password: 'right' } } })
  const other = (auth, more) => new Connector('mail@1', { url: `smtp://127.0.0.1:${r.server.server.address().port}`, from: 'tidelock@acme.example', auth, ...more })
  const once = async connector => { const got = await connector.call('send', { to: 'a@b.example', subject: 'S', text: 'T' }); await connector.close(); return got }

  it('logs in over an encrypted connection', async () => {
    const got = await r.send({})
    assert.equal(got.class, 'done', got.message)
    assert.deepEqual([r.logins.at(-1).user, r.logins.at(-1).password, r.logins.at(-1).secure], ['mailer', 'right', true])
    assert.equal((await r.connector.ask({ probe: true })).class, 'done')
  })

  it('says so when the password is wrong', async () => {
    const got = await once(other({ kind: 'basic', user: 'mailer', password: 'wrong' }))
    assert.deepEqual([got.class, got.status], ['auth', 535], got.message)
    assert.doesNotMatch(JSON.stringify(got), /wrong/)
  })

  it('logs in by token', async () => {
    const got = await once(other({ kind: 'token', user: 'box@acme.example', token: 'good' }))
    assert.equal(got.class, 'done', got.message)
    assert.deepEqual([r.logins.at(-1).method, r.logins.at(-1).user], ['XOAUTH2', 'box@acme.example'])
    assert.equal((await once(other({ kind: 'token', user: 'box@acme.example', token: 'bad' }))).class, 'auth')
  })

  it('trusts no certificate of its own', async () => {
    const had = process.env.TL_CA_FILE
    delete process.env.TL_CA_FILE
    const connector = other({ kind: 'basic', user: 'mailer', password: 'right' })
    process.env.TL_CA_FILE = had
    const count = r.logins.length, got = await once(connector)
    assert.deepEqual([got.class, r.logins.length], ['retry', count], got.message)
    assert.match(got.message, /certificate/)
  })
})

describe('mail: TLS from the first byte', { skip }, () => {
  const r = rig({ scheme: 'smtps', options: () => ({ ...certificate(), secure: true }), settings: { auth: { kind: 'basic', user: 'mailer', password: 'right' } } })

  it('sends', async () => {
    const got = await r.send({})
    assert.deepEqual([got.class, r.mails.length], ['done', 1], got.message)
  })
})
