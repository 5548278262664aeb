// describe: the schema as clients read it (vendor doc: "sObject Describe"; shapes as in the recordings).

const soap = {
  id: "tns:ID", reference: "tns:ID", boolean: "xsd:boolean", currency: "xsd:double", double: "xsd:double", percent: "xsd:double",
  int: "xsd:int", date: "xsd:date", datetime: "xsd:dateTime",
};

export function describeField(field) {
  const custom = field.name.endsWith("__c");
  const length = field.length ?? 0;
  return {
    aggregatable: true, autoNumber: false, byteLength: length * 3, calculated: !!field.calculated, calculatedFormula: null,
    cascadeDelete: !!field.cascade, caseSensitive: false, createable: field.createable, custom,
    defaultValue: field.type === "boolean" ? false : null, defaultedOnCreate: field.type === "boolean" || field.name === "OwnerId",
    dependentPicklist: false, deprecatedAndHidden: false, digits: field.digits ?? 0, encrypted: false, externalId: !!field.externalId,
    filterable: true, groupable: true, htmlFormatted: false, idLookup: !!field.idLookup, inlineHelpText: null,
    label: field.label ?? field.name.replace(/__c$/, "").replace(/_/g, " "), length, name: field.name, nameField: !!field.nameField,
    namePointing: false, nillable: field.type === "boolean" ? false : field.nillable, permissionable: custom,
    picklistValues: (field.picklist ?? []).map((value) => ({ active: true, defaultValue: false, label: value, validFor: null, value })),
    precision: field.precision ?? 0, referenceTo: field.referenceTo ? [field.referenceTo] : [], relationshipName: field.relationshipName ?? null,
    relationshipOrder: null, restrictedDelete: false, restrictedPicklist: !!field.restricted, scale: field.scale ?? 0,
    soapType: soap[field.type] ?? "xsd:string", sortable: true, type: field.type, unique: !!field.unique, updateable: field.updateable,
    writeRequiresMasterRead: false,
  };
}

/** The short form that lists and the object's own resource use. */
export function summary(object, version) {
  const base = `/services/data/v${version}/sobjects/${object.name}`;
  return {
    activateable: false, createable: true, custom: object.name.endsWith("__c"), customSetting: false, deletable: true,
    deprecatedAndHidden: false, feedEnabled: false, hasSubtypes: false, isSubtype: false, keyPrefix: object.prefix, label: object.label,
    labelPlural: object.plural, layoutable: true, mergeable: ["Account", "Contact", "Lead"].includes(object.name), mruEnabled: true,
    name: object.name, queryable: true, replicateable: true, retrieveable: true, searchable: true, triggerable: true, undeletable: true,
    updateable: true, urls: { sobject: base, describe: `${base}/describe`, rowTemplate: `${base}/{ID}` },
  };
}

export function describe(schema, object, version) {
  const childRelationships = [];
  for (const child of schema.objects.values()) {
    for (const field of child.fields.values()) {
      if (field.referenceTo !== object.name || !field.childRelationship) continue;
      childRelationships.push({ cascadeDelete: !!field.cascade, childSObject: child.name, deprecatedAndHidden: false, field: field.name,
        junctionIdListNames: [], junctionReferenceTo: [], relationshipName: field.childRelationship, restrictedDelete: false });
    }
  }
  return { actionOverrides: [], childRelationships, compactLayoutable: true, ...summary(object, version),
    fields: [...object.fields.values()].map(describeField), recordTypeInfos: [], supportedScopes: [{ label: `All ${object.plural}`, name: "everything" }] };
}
