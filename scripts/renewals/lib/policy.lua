-- What the company has decided. Change it here; the tests say what it means.
return {
  opens    = "08:00:00",                              -- everything happens when the office opens, in summer and in winter
  zones    = { ["2000"] = "America/New_York", ["3000"] = "Australia/Lord_Howe" },   -- … of the contract's company code
  zone     = "Europe/Berlin",                         -- … of every other one
  quote    = 60, remind = 30, last_call = 7,          -- days before the end
  history  = 30,                                      -- what ended more days ago before it was first seen is left alone
  increase = "3",                                     -- percent on the price of the year before
}
