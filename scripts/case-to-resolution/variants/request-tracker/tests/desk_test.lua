-- How Request Tracker says it: which change of a ticket is a fact, and that our own changes are none.
local function ticket(fields, changes)
  local record = { id = 12, Queue = "Cases", Subject = "Pump is dead", Status = "open", Created = "2026-06-01T08:00:00Z", CustomFields = fields }
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end

describe("a ticket", function()
  before_each(function(w)
    w.erp:on "*":answers(function(args) return args.where and array() or nil end)     -- it knows no order
    w.support:on "get":answers {}
  end)

  it("without context is asked about, also without an order number", function(w)
    w:deliver("support.ticket", ticket {})
    w:deliver("support.ticket", ticket({ OrderNo = "SO-1" }, { id = 13 }))
    assert.equal(2, w.support:count "comment")
  end)

  it("that has its context, is resolved, has an outcome or is in another queue is nobody's business", function(w)
    w:deliver("support.ticket", ticket { OrderNo = "SO-1", ContextOf = "SO-1" })
    w:deliver("support.ticket", ticket({ OrderNo = "SO-1" }, { Status = "resolved" }))
    w:deliver("support.ticket", ticket({ OrderNo = "SO-1" }, { Queue = "Orders" }))
    w:deliver("support.ticket", ticket { OrderNo = "SO-1", CaseKind = "defect", ProductNo = "PUMP-7", Outcome = "credited" })
    assert.equal(0, #w.support:calls() + #w.erp:calls())
  end)

  it("is a defect when it says so and names order and product", function(w)
    w:deliver("support.ticket", ticket { OrderNo = "SO-1", ContextOf = "SO-1", CaseKind = "defect" })
    assert.equal(0, #w:emitted "case.defect@1")
    w:deliver("support.ticket", ticket { OrderNo = "SO-1", ContextOf = "SO-1", CaseKind = "defect", ProductNo = "PUMP-7", Quantity = "2" })
    assert.equal(2, w:emitted("case.defect@1")[1].data.quantity)
  end)
end)
