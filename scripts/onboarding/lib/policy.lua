-- What the company has decided. Change it here; the tests say what it means.
return {
  zone        = "Europe/Berlin",
  free_limit  = decimal "10000.00",      -- credit that sales may promise; above it, finance decide
  entitlement = { months = 12 },         -- support that every customer begins with
  tier        = "standard",              -- … unless sales have agreed another one
}
