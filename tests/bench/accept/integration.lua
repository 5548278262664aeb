-- Orders come in and nobody wants them: the cost of accepting alone.
integration "bench-accept" { steward = "nobody" }
steward "nobody" {}

system "shop" { connector = "webhook@1", scheme = "none", type = "Order", key = "/number", dedupe = "/number" }
