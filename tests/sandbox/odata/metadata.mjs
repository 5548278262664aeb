// $metadata: the model as EDMX (OData CSDL XML 4.01).
import { actions, complex, functions, sets, types } from "./model.mjs";

const frame = [
  `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">`
  + `<edmx:Reference Uri="https://oasis-tcs.github.io/odata-vocabularies/vocabularies/Org.OData.Core.V1.xml">`
  + `<edmx:Include Namespace="Org.OData.Core.V1" Alias="Core"/></edmx:Reference>`
  + `<edmx:DataServices><Schema Namespace="Erp" xmlns="http://docs.oasis-open.org/odata/ns/edm">`,
  `</Schema></edmx:DataServices></edmx:Edmx>`,
];

export function edmx() {
  const parts = [];
  for (const type of Object.values(types)) parts.push(entityType(type));
  for (const [name, properties] of Object.entries(complex)) {
    parts.push(`<ComplexType Name="${name}">${Object.entries(properties).map(([n, p]) => property(n, p)).join("")}</ComplexType>`);
  }
  for (const [type, named] of Object.entries(actions)) for (const [name, parameters] of Object.entries(named)) parts.push(action(type, name, parameters));
  for (const [name, f] of Object.entries(functions)) {
    const parameters = f.parameters.map((p) => `<Parameter Name="${p}" Type="Edm.String" Nullable="false"/>`).join("");
    parts.push(`<Function Name="${name}">${parameters}<ReturnType Type="Erp.${f.returns}" Nullable="false"/></Function>`);
  }
  parts.push(container());
  return frame[0] + parts.join("") + frame[1];
}

function action(type, name, parameters) {
  const rest = Object.entries(parameters).map(([n, p]) => `<Parameter Name="${n}" Type="${p.type}"/>`).join("");
  return `<Action Name="${name}" IsBound="true"><Parameter Name="entity" Type="Erp.${type}" Nullable="false"/>${rest}<ReturnType Type="Erp.${type}" Nullable="false"/></Action>`;
}

function property(name, p) {
  const facets = [
    p.nullable === false ? ` Nullable="false"` : "", p.length ? ` MaxLength="${p.length}"` : "",
    p.precision ? ` Precision="${p.precision}"` : "", p.scale !== undefined ? ` Scale="${p.scale}"` : "",
  ].join("");
  const open = `<Property Name="${name}" Type="${p.type}"${facets}`;
  return p.computed ? `${open}><Annotation Term="Core.Computed" Bool="true"/></Property>` : `${open}/>`;
}

function entityType(type) {
  const properties = Object.entries(type.properties).map(([name, p]) => property(name, p)).join("");
  const navigation = Object.entries(type.navigation).map(([name, link]) => {
    const target = link.many ? `Collection(Erp.${link.to})` : `Erp.${link.to}`;
    return `<NavigationProperty Name="${name}" Type="${target}"${link.contained ? ` ContainsTarget="true"` : ""}/>`;
  }).join("");
  const keys = (type.alternate ?? []).map(alternateKey).join("");
  const alternate = keys ? `<Annotation Term="Core.AlternateKeys"><Collection>${keys}</Collection></Annotation>` : "";
  return `<EntityType Name="${type.name}"><Key><PropertyRef Name="${type.key}"/></Key>${properties}${navigation}${alternate}</EntityType>`;
}

function alternateKey(name) {
  const ref = `<PropertyValue Property="Name" PropertyPath="${name}"/><PropertyValue Property="Alias" String="${name}"/>`;
  return `<Record Type="Core.AlternateKey"><PropertyValue Property="Key"><Collection><Record Type="Core.PropertyRef">${ref}</Record></Collection></PropertyValue></Record>`;
}

function container() {
  const entitySets = Object.entries(sets).map(([name, type]) => {
    const bindings = Object.entries(type.navigation).filter(([, l]) => !l.contained).map(([n, l]) => `<NavigationPropertyBinding Path="${n}" Target="${types[l.to].set}"/>`).join("");
    return `<EntitySet Name="${name}" EntityType="Erp.${type.name}">${bindings}<Annotation Term="Core.OptimisticConcurrency"><Collection/></Annotation></EntitySet>`;
  }).join("");
  const imports = Object.keys(functions).map((name) => `<FunctionImport Name="${name}" Function="Erp.${name}" IncludeInServiceDocument="false"/>`).join("");
  return `<EntityContainer Name="Container">${entitySets}${imports}</EntityContainer>`;
}
