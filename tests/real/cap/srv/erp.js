const cds = require('@sap/cds')

module.exports = class ErpService extends cds.ApplicationService {
  init() {
    const { Orders } = this.entities
    this.on('confirm', Orders, async req => {
      const { no } = req.params[0]
      const changed = await UPDATE(Orders, no).with({ status: 'confirmed' }).where({ status: 'new' })
      if (!changed) return req.reject({ status: 409, code: 'ORDER_STATUS', message: `order ${no} is not new` })
      return SELECT.one.from(Orders, no)
    })
    return super.init()
  }
}
