-- Rules of the company that need no platform: warranty, worth, credit, health.
local claim, health, levels, warranty = require "claim", require "health", require "service_levels", require "warranty"

describe("warranty", function()
  it("ends with the day, where the company is", function()
    assert.is_true(warranty.of("SEAL-9", "2026-01-06", "2026-07-06T21:59:59Z").covered)       -- 23:59 in Berlin, summer
    assert.is_false(warranty.of("SEAL-9", "2026-01-06", "2026-07-06T22:00:00Z").covered)
    assert.is_true(warranty.of("VALVE-2", "2026-01-06", "2027-01-06T22:59:59Z").covered)      -- winter
    assert.is_false(warranty.of("VALVE-2", "2026-01-06", "2027-01-06T23:00:00Z").covered)
  end)

  it("of the month's last day ends with the last day of a shorter month", function()
    assert.equal("2026-02-28", warranty.of("SEAL-9", "2025-08-31", "2026-01-01T00:00:00Z").ends_on)
  end)

  it("of a product without a row is the usual one, and of what was not shipped there is none", function()
    assert.equal("2027-01-06", warranty.of("NEW-1", "2026-01-06", "2026-02-01T00:00:00Z").ends_on)
    assert.equal("NEW-1 was not shipped", warranty.of("NEW-1", nil, "2026-02-01T00:00:00Z").why)
  end)
end)

describe("what a claim is worth", function()
  local function order(lines)
    for _, line in ipairs(lines) do
      line.shipped  = line.shipped or { { shipped_on = "2026-01-06", quantity = line.quantity } }
      line.invoiced = line.invoiced or { { invoice_id = 9, quantity = line.quantity } }
    end
    return { order_no = "SO-1", currency = "EUR", lines = lines }
  end
  local function of(sold, product, quantity, returns, credits) return claim.of(sold, product, quantity, claim.taken(returns or {}, credits or {}, "RA-1")) end
  local function wrong(...) return select(2, of(...)) end

  it("is a part of its line, to the cent", function()
    assert.is_true(of(order { { product_no = "SEAL-9", quantity = 5, unit_price = decimal "3.3333" } }, "SEAL-9", 3).amount:is "10.00")
    assert.is_true(of(order { { product_no = "OIL", quantity = decimal "2.5", unit_price = 9 } }, "OIL", decimal "0.5").amount:is "4.50")
  end)

  it("is nothing that the order does not have", function()
    local line = { product_no = "A", quantity = 1, unit_price = 1 }
    assert.equal("order SO-1 has no B", wrong(order { line }, "B", 1))
    assert.equal("order SO-1 has 1 of A, not 2", wrong(order { line }, "A", 2))
    assert.matches("has A in 2 lines", wrong(order { line, line }, "A", 1))
    assert.equal("order SO-1 has no invoice of A yet", wrong(order { { product_no = "A", quantity = 1, unit_price = 1, invoiced = {} } }, "A", 1))
    assert.equal("order SO-1 shipped 1 of A so far, not 2",
      wrong(order { { product_no = "A", quantity = 2, unit_price = 1, shipped = { { shipped_on = "2026-01-06", quantity = 1 } } } }, "A", 2))
  end)

  it("is nothing that goes back already, by whichever way; a return and its credit note count once", function()
    local two = order { { product_no = "A", quantity = 2, unit_price = 1 } }
    assert.equal("order SO-1 has 2 of A, of which 2 went back or is about to: INV-7, RA-2",
      wrong(two, "A", 1, { { ref = "RA-2", quantity = 1 } }, { { ref = "RA-2", quantity = 1, invoice_id = 9 }, { ref = "INV-7", quantity = 1, invoice_id = 9 } }))
    assert.is_not_nil(of(two, "A", 1, { { ref = "RA-2", quantity = 1 } }, { { ref = "RA-2", quantity = 1, invoice_id = 9 } }))
    assert.is_not_nil(of(two, "A", 2, { { ref = "RA-1", quantity = 2 } }))               -- its own
  end)

  it("is credited on the invoice that has enough of it left", function()
    local parts = order { { product_no = "A", quantity = 3, unit_price = 1, invoiced = { { invoice_id = 8, quantity = 1 }, { invoice_id = 9, quantity = 2 } } } }
    assert.equal(8, of(parts, "A", 1).invoice_id)
    assert.equal(9, of(parts, "A", 2).invoice_id)
    assert.equal(9, of(parts, "A", 1, {}, { { ref = "RA-2", quantity = 1, invoice_id = 8 } }).invoice_id)
    assert.equal("order SO-1 has no invoice with 3 of A left: credit it in the ERP", wrong(parts, "A", 3))
  end)
end)

describe("a service credit", function()
  local function of(...) return (levels.credit(...)) end

  it("goes by the tier that was missed most", function()
    assert.is_true(of("gold", "99.9", "100.00", "EUR"):is "0")
    assert.is_true(of("gold", "99.89", "100.00", "EUR"):is "10.00")
    assert.is_true(of("gold", "98.99", "100.00", "EUR"):is "25.00")
    assert.is_true(of("gold", "12", "100.00", "EUR"):is "100.00")
    assert.is_true(of("silver", "99.4", "100.00", "EUR"):is "5.00")
  end)

  it("gives half a cent to the even one, and no cent where there are none", function()
    assert.equal("0.12", tostring(of("silver", "99", "2.50", "EUR")))       -- 0.125
    assert.equal("0.38", tostring(of("silver", "99", "7.50", "EUR")))       -- 0.375
    assert.equal("8", tostring(of("silver", "99", "150", "JPY")))           -- 7.5
  end)

  it("of a level that nobody promised is an error that names the table", function()
    assert.has_error(function() levels.credit("bronze", "1", "1", "EUR") end, "lookups/service_levels.json has no level 'bronze'")
  end)
end)

describe("the health of an account", function()
  it("goes by credits of a year and by how the last claim ended", function()
    assert.equal("good", health.of(0, "credited"))
    assert.equal("watch", health.of(2, "credited"))
    assert.equal("at risk", health.of(3, "credited"))
    assert.equal("at risk", health.of(0, "refused"))
  end)
end)
