// A port of the loopback address that is free now, for servers that cannot choose one and say which.
import { createServer } from 'node:net'

export async function freePort() {
  const server = createServer()
  await new Promise((done, failed) => { server.on('error', failed); server.listen(0, '127.0.0.1', done) })
  const { port } = server.address()
  await new Promise(done => server.close(done))
  return port
}
