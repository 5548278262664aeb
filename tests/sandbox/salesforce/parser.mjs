// SOQL tokens to a tree. Names are resolved against the schema while evaluating is prepared (plan.mjs).
import { malformed, tokens } from "./lexer.mjs";

const signs = new Set(["=", "!=", "<", "<=", ">", ">="]);

export function parseQuery(text) {
  const parser = new Parser(text);
  const tree = parser.select();
  parser.need("end");
  return tree;
}

class Parser {
  constructor(text) {
    this.text = text;
    this.list = tokens(text);
    this.at = 0;
  }

  get token() { return this.list[this.at]; }

  is(word) { return this.token.kind === "name" && this.token.value.toUpperCase() === word; }

  take(word) { if (!this.is(word)) return false; this.at++; return true; }

  sign(value) { if (this.token.kind !== "sign" || this.token.value !== value) return false; this.at++; return true; }

  fail() {
    throw malformed(this.text, this.token.at, `unexpected token: '${this.token.text}'`);
  }

  need(kind, word) {
    if (word ? !this.is(word) : this.token.kind !== kind) this.fail();
    return this.list[this.at++];
  }

  close() { if (!this.sign(")")) this.fail(); }

  select() {
    this.need("name", "SELECT");
    const items = [this.item()];
    while (this.sign(",")) items.push(this.item());
    this.need("name", "FROM");
    const from = this.need("name");
    if (this.token.kind === "name" && !this.clause()) this.at++;          // an alias, which nothing needs
    const tree = { items, from: from.value, fromAt: from.at, text: this.text, where: null, order: [], limit: null, offset: 0 };
    this.clauses(tree);
    return tree;
  }

  clause() { return ["WHERE", "ORDER", "LIMIT", "OFFSET", "WITH", "GROUP", "FOR", "USING", "ALL"].some((w) => this.is(w)); }

  clauses(tree) {
    if (this.take("USING")) { this.need("name", "SCOPE"); this.need("name"); }
    if (this.take("WHERE")) tree.where = this.or();
    if (this.take("ORDER")) { this.need("name", "BY"); tree.order = this.ordering(); }
    if (this.take("LIMIT")) tree.limit = Number(this.need("number").value);
    if (this.take("OFFSET")) tree.offset = Number(this.need("number").value);
    if (this.take("ALL")) { this.need("name", "ROWS"); tree.all = true; }
    if (this.take("FOR")) this.need("name");
  }

  item() {
    const token = this.token;
    if (this.sign("(")) {
      const query = this.select();
      this.close();
      return { query, at: token.at };
    }
    const name = this.need("name");
    if (!this.sign("(")) return { path: name.value, at: name.at };
    const inside = this.token.kind === "name" ? this.need("name").value : null;
    this.close();
    const call = { call: name.value.toUpperCase(), inside, at: name.at };
    if (this.token.kind === "name" && !this.is("FROM")) call.alias = this.need("name").value;
    return call;
  }

  or() {
    const parts = [this.and()];
    while (this.take("OR")) parts.push(this.and());
    return parts.length === 1 ? parts[0] : { op: "or", parts };
  }

  and() {
    const parts = [this.unary()];
    while (this.take("AND")) parts.push(this.unary());
    return parts.length === 1 ? parts[0] : { op: "and", parts };
  }

  unary() {
    if (this.take("NOT")) return { op: "not", part: this.unary() };
    if (this.sign("(")) {
      const inner = this.or();
      this.close();
      return inner;
    }
    return this.comparison();
  }

  comparison() {
    const name = this.need("name");
    const { token } = this;
    const base = { path: name.value, at: name.at };
    if (token.kind === "sign" && signs.has(token.value)) {
      this.at++;
      return { ...base, op: token.value, value: this.literal() };
    }
    if (this.take("LIKE")) return { ...base, op: "like", value: this.literal() };
    if (this.take("INCLUDES")) return { ...base, op: "includes", values: this.values() };
    if (this.take("EXCLUDES")) return { op: "not", part: { ...base, op: "includes", values: this.values() } };
    const not = this.take("NOT");
    if (!this.take("IN")) this.fail();
    return this.membership(base, not);
  }

  membership(base, not) {
    if (this.list[this.at + 1].kind === "name" && this.list[this.at + 1].value.toUpperCase() === "SELECT") {
      this.sign("(");
      const query = this.select();
      this.close();
      return wrap(not, { ...base, op: "semi", query });
    }
    return wrap(not, { ...base, op: "in", values: this.values() });
  }

  values() {
    if (!this.sign("(")) this.fail();
    const list = [this.literal()];
    while (this.sign(",")) list.push(this.literal());
    this.close();
    return list;
  }

  literal() {
    const { token } = this;
    if (["string", "number", "date", "datetime"].includes(token.kind)) { this.at++; return { kind: token.kind, value: token.value, at: token.at }; }
    if (token.kind !== "name") this.fail();
    this.at++;
    const word = token.value.toUpperCase();
    if (word === "NULL") return { kind: "null", value: null, at: token.at };
    if (word === "TRUE" || word === "FALSE") return { kind: "boolean", value: word === "TRUE", at: token.at };
    if (/^(TODAY|YESTERDAY|TOMORROW|(LAST|NEXT)_N_DAYS:\d+)$/.test(word)) return { kind: "relative", value: word, at: token.at };
    this.at--;
    return this.fail();
  }

  ordering() {
    const list = [];
    do {
      const name = this.need("name");
      const descending = this.take("DESC");
      if (!descending) this.take("ASC");
      let nulls = descending ? "LAST" : "FIRST";          // the vendor's default: nulls sort as the lowest value
      if (this.take("NULLS")) nulls = this.is("FIRST") ? "FIRST" : "LAST", this.at++;
      list.push({ path: name.value, at: name.at, descending, nulls });
    } while (this.sign(","));
    return list;
  }
}

const wrap = (not, part) => (not ? { op: "not", part } : part);
