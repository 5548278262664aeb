-- How Zendesk says it: which change of a ticket is a fact, and that our own changes are none.
local function ticket(fields, changes)
  local record = { id = 12, subject = "Pump is dead", status = "open", created_at = "2026-06-01T08:00:00Z", custom_fields = array() }
  for id, value in pairs(fields) do table.insert(record.custom_fields, { id = id, value = value }) end
  for name, value in pairs(changes or {}) do record[name] = value end
  return record
end
local order, kind, product, context_of, outcome = 380001, 380011, 380012, 380014, 380018

describe("a ticket", function()
  before_each(function(w)
    w.erp:on "*":answers(function(args) return args.where and array() or nil end)     -- it knows no order
    w.support:on "get":answers {}
  end)

  it("without context is asked about, also without an order number", function(w)
    w:deliver("support.tickets", ticket {})
    w:deliver("support.tickets", ticket({ [order] = "SO-1" }, { id = 13 }))
    assert.equal(2, w.support:count "comment")
  end)

  it("that has its context, is solved or has an outcome is nobody's business", function(w)
    w:deliver("support.tickets", ticket { [order] = "SO-1", [context_of] = "SO-1" })
    w:deliver("support.tickets", ticket({ [order] = "SO-1" }, { status = "solved" }))
    w:deliver("support.tickets", ticket { [order] = "SO-1", [kind] = "defect", [product] = "PUMP-7", [outcome] = "credited" })
    assert.equal(0, #w.support:calls() + #w.erp:calls())
  end)

  it("is a defect when it says so and names order and product", function(w)
    w:deliver("support.tickets", ticket { [order] = "SO-1", [context_of] = "SO-1", [kind] = "defect" })
    assert.equal(0, #w:emitted "case.defect@1")
    w:deliver("support.tickets", ticket { [order] = "SO-1", [context_of] = "SO-1", [kind] = "defect", [product] = "PUMP-7" })
    assert.equal(1, #w:emitted "case.defect@1")
    assert.equal(1, w:emitted("case.defect@1")[1].data.quantity)
  end)
end)
