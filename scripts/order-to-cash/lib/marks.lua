-- What has been taken over of a deal, as a short text that is kept on it (Order_Taken__c). It changes with what is ordered, and with
-- nothing else, so our own answers and a new name of the deal are no correction.
local json = require "json"

local marks = {}
local KEPT  = "kept "

-- FNV-1a: tells texts apart.
local function sum(text)
  local hash = 0xcbf29ce484222325
  for i = 1, #text do hash = (hash ~ text:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(hash)
end

-- 3, 3.0 and 3.00 are one quantity.
local function plain(number)
  if number == nil then return nil end
  local text = tostring(decimal(number))
  return text:find(".", 1, true) and text:gsub("0+$", ""):gsub("%.$", "") or text
end

-- What is ordered: by whom, of which company, what, how much, for how much.
function marks.of(deal)
  local lines = array()
  for i, line in ipairs(deal.OpportunityLineItems and deal.OpportunityLineItems.records or {}) do
    lines[i] = { no = line.SortOrder, product = line.ProductCode, quantity = plain(line.Quantity), price = plain(line.UnitPrice) }
  end
  return sum(json.encode {
    account = deal.Account and deal.Account.Account_No__c, company = deal.Company_Code__c, currency = deal.Currency__c,
    amount  = plain(deal.Amount), lines = lines,
  })
end

-- The mark of a deal that stays as it is although it was withdrawn: nobody is asked about that again.
function marks.kept(mark) return KEPT .. mark end
function marks.is_kept(deal) return deal.Order_Taken__c ~= nil and deal.Order_Taken__c:sub(1, #KEPT) == KEPT end

-- Has what is ordered changed since it was taken over? Not known of deals without a mark.
function marks.differs(deal)
  local taken = deal.Order_Taken__c
  if not taken then return false end
  if marks.is_kept(deal) then taken = taken:sub(#KEPT + 1) end
  return taken ~= marks.of(deal)
end

return marks
