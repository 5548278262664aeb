-- A message comes in, is mapped, and goes out. README.md plays it through; every line here is meant to be changed.
integration "starter" { steward = "me" }

-- Who repairs what cannot be done, and by when.
steward "me" { mail = "me@example.com", due = "4h" }

-- Messages come in at POST /in/shop. Unsigned ones are taken from this machine only; the connector also knows signed
-- ones (scheme = "standard", "github", "hmac", "token") with secret = secret "shop.secret".
system "shop" { connector = "webhook@1", scheme = "none", type = "Customer", key = "/id", dedupe = "/message" }

-- Records go out to settings.json's address.
system "receiver" { connector = "webhook@1", url = setting "receiver.url", retry = { first = "500ms", cap = "10s" } }

-- What is told: a customer has changed. People find it by customer_no.
event "customer.changed@1" {
  contract = "contracts/customer.v1.json", key = "customer_no", steward = "me",
  from     = "shop.Customer",
  map      = "customer@1 <- shop.Customer",
}

entity "customer@1" { contract = "contracts/customer.v1.json", key = "customer_no", steward = "me", owner = "shop" }
