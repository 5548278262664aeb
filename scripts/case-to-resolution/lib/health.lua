-- How an account does, by what was credited in the last twelve months and how its last claim ended.
local health = {}

function health.of(credits, outcome)
  if credits >= 3 or outcome == "refused" then return "at risk" end
  return credits > 0 and "watch" or "good"
end

return health
