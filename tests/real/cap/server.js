// CAP listens on every interface unless the one place where it calls listen() is told otherwise.
const cds = require('@sap/cds')

cds.on('bootstrap', app => {
  const listen = app.listen
  app.listen = (port, ...rest) => listen.call(app, port, '127.0.0.1', ...rest)
})
module.exports = cds.server
