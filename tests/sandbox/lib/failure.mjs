// What a platform throws to refuse a request: the kit rolls back and sends the reply.

export class Failure extends Error {
  constructor(reply, detail) {
    super(`refused with ${reply.status}`);
    this.reply = reply;
    this.detail = detail;
  }
}
