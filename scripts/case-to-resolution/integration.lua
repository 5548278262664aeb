-- A case finds its way to an answer, a return to its credit note, a missed service level to its credit. README.md shows the whole way.
integration "case-to-resolution" { steward = "support-desk" }

steward "support-desk" { mail = "support-desk@acme.example", due = "8h", escalate = "it-ops" }
steward "finance"      { mail = "finance@acme.example", due = "1d", escalate = "it-ops" }
steward "it-ops"       { mail = "it-ops@acme.example", due = "1d" }

-- The support desk is in maps/desk.lua, the ERP in maps/erp.lua: each with all that depends on which one it is.
system "salesforce" {
  connector = "salesforce@1",
  url       = setting "salesforce.url",
  auth      = { kind = "oauth2_jwt", client_id = secret "salesforce.client_id", key = secret "salesforce.key", user = setting "salesforce.user" },
  limits    = { concurrent = 10, per_second = 50, per_day = 90000, keep_for_live = "30%" },
  breaker   = { failures = 5, within = "30s", probe_after = "20s" },
}

-- The web shop: returns that customers ask for there come in as signed messages, and each is told how it goes on.
system "shop" {
  connector = "webhook@1",
  url       = setting "shop.url",
  auth      = { kind = "token", token = secret "shop.token" },
  scheme    = "standard", secret = secret "shop.hook",
  type      = "return", key = "/return_id",
}

-- The monitoring: signed messages say which service level was missed; once a month it is asked for what they did not bring.
system "monitor" {
  connector = "webhook@1",
  url       = setting "monitor.url",
  auth      = { kind = "token", token = secret "monitor.token" },
  scheme    = "standard", secret = secret "monitor.hook",
  type      = "level", key = "/contract_no",
}
