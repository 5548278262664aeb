-- The deal says what has been taken over of it, so that only what is ordered anew asks anew.
local deals, marks = require "deals", require "marks"

flow "taken-to-salesforce" {
  on            = { "order.won@1", "order.corrected@1" },
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e)
    local mark = { order_no = e.data.order_no, mark = e.data.mark }
    if e.type == "order.won@1" then mark.status = "taken" end
    deals.put(ctx, "order_mark@1", mark)
  end,
}

flow "kept-to-salesforce" {
  on            = "order.kept@1",
  order         = { "deal", "/order_no" },
  after_failure = "supersede",
  steward       = "order-desk",
  run           = function(ctx, e) deals.put(ctx, "order_mark@1", { order_no = e.data.order_no, mark = marks.kept(e.data.mark) }) end,
}
