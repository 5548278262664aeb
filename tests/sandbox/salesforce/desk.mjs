// The admin routes that only Salesforce has: sessions, cursors, the schema.

export const adminRoutes = {
  "POST expire_sessions": (p) => ({ expired: p.oauth.expire() }),
  "POST expire_cursors": (p) => { p.queries.expire(); return { expired: true }; },
  "GET refused_locks": (p) => ({ count: p.refusedLocks }),
  "GET objects": (p) => ({ objects: [...p.schema.objects.values()].map((o) => ({ name: o.name, prefix: o.prefix, fields: [...o.fields.values()] })) }),
  "POST objects": objects,
};

// {name, label?, prefix?, fields: [...]} makes an object; POST /objects/<name>/fields adds to one.
function objects(platform, request, [name, fields]) {
  const given = JSON.parse(request.body);
  const definition = fields === "fields" ? { object: { name }, fields: [].concat(given) } : { object: given, fields: [] };
  if (fields === "fields" && !platform.schema.find(name)) throw new Error(`no object ${name}`);
  platform.define(definition);
  platform.store.write(() => platform.store.put("_schema", String(platform.store.table("_schema").records.size + 1), definition));
  return { object: definition.object.name };
}
