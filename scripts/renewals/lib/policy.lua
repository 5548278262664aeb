-- What the company has decided. Change it here; the tests say what it means.
return {
  zone     = "Europe/Berlin", opens = "08:00:00",     -- everything happens when the office opens, in summer and in winter
  quote    = 60, remind = 30, last_call = 7,          -- days before the end
  increase = "3",                                     -- percent on the price of the year before
  term     = 12,                                      -- months
}
