-- What has to happen, whatever stands still: the ERP tells of the order, or somebody has said why there is none.
expect "order follows a won deal" {
  after   = "order.won@1",
  event   = {
    "order.held@1", "order.placed@1", "order.accepted@1", "backorder.noted@1", "shipment.sent@1", "invoice.issued@1", "payment.received@1",
    "order.refused@1", "order.cancelled@1", "order.rejected@1", "order.stands@1",
  },
  within  = "6h",                                           -- longer than a maintenance window
  steward = "order-desk",
}
