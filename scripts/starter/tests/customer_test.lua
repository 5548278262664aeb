-- What this integration promises, tried out without a server: `tidelock test` runs every it(…) in a world of its own.
describe("a customer from the shop", function()
  local function message(id, country)
    return { message = "m-" .. id, id = id, name = " Nordwind GmbH ", country = country or "Germany", credit = decimal "1234567890123.45" }
  end

  it("is sent to the receiver, mapped", function(w)
    w:deliver("shop.Customer", message "C-1")
    assert.same({
      { operation = "store", done = true, refused = false, again = false,
        args = { path = "customers/C-1",
                 body = { customer_no = "C-1", name = "Nordwind GmbH", country = "DE", credit = decimal "1234567890123.45" } } },
    }, w.receiver:calls())
  end)

  it("waits while the receiver is down, and goes out when it is back", function(w)
    w.receiver:is_down "2h"
    w:deliver("shop.Customer", message "C-1")
    w:advance "1h"
    assert.equal(0, w.receiver:count "store")
    w:restart()
    w:advance "2h"
    assert.equal(1, w.receiver:count "store")
  end)

  it("is parked when its country is unknown; others go on", function(w)
    w:deliver("shop.Customer", message("C-2", "Atlantis"))
    w:deliver("shop.Customer", message "C-3")
    assert.equal(1, w.receiver:count "store")
    local parked = w:exceptions()
    assert.equal(1, #parked)
    assert.equal("data", parked[1].class)
    assert.matches("Atlantis", parked[1].message)

    w:retry { changes = { ["/country"] = "Germany" } }
    assert.equal(2, w.receiver:count "store")
    assert.equal(0, #w:exceptions())
  end)
end)
