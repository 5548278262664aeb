// The three platforms side by side, and where they disagree.
import { decimal } from './decimal.mjs'

export function compare(deal, lines, order, partners, deliveries, invoices, organization) {
  const partner = partners.find(p => p.PartnerNo === order?.PartnerNo)
  const delivery = deliveries.find(d => d.OrderNo === order?.OrderNo), invoice = invoices.find(i => i.OrderNo === order?.OrderNo)
  const own = lines.filter(l => l.OpportunityId === deal.Id)
  const priced = rows => rows.map(([product, quantity, price]) => `${decimal(quantity)} × ${product} at ${decimal(price)}`).sort().join('; ')
  const fields = organization?.organization_fields ?? {}
  const rows = [ // what, Salesforce, ERP, desk; undefined: not held there
    ['order', deal?.Order_No__c, order?.OrderNo, fields.last_order],
    ['customer', undefined, partner?.Name, organization?.name],
    ['customer number', undefined, order?.PartnerNo, organization?.external_id],
    ['lines', priced(own.map(l => [l.ProductCode, l.Quantity, l.UnitPrice])), priced((order?.Items ?? []).map(i => [i.ProductNo, i.Quantity, i.UnitPrice])), undefined],
    ['net total', decimal(deal?.Amount), decimal(order?.NetAmount), undefined],
    ['status', deal?.Order_Status__c, order?.Status, fields.last_order_status],
    ['shipment', deal?.Shipment_No__c, delivery?.DeliveryNo, undefined],
    ['invoice', deal?.Invoice_No__c, invoice?.InvoiceNo, undefined],
    ['invoice total', decimal(deal?.Invoice_Total__c), decimal(invoice?.TotalAmount), undefined],
  ]
  return { table: table(rows), differences: rows.flatMap(differing) }
}

function differing([what, ...values]) {
  const held = values.filter(v => v !== undefined)
  if (held.length < 2) return [`${what}: only ${held.length} of the platforms has it`]
  return new Set(held.map(String)).size > 1 ? [`${what}: the platforms differ: ${held.join(' | ')}`] : []
}

function table(rows) {
  const cells = [['', 'Salesforce', 'ERP', 'Support desk'], ...rows.map(row => row.map(v => v ?? '–'))].map(row => row.map(v => String(v).split('; ')))
  const widths = [0, 1, 2, 3].map(i => Math.max(...cells.map(row => Math.max(...row[i].map(text => text.length)))))
  return cells.flatMap(row => Array.from({ length: Math.max(...row.map(c => c.length)) },
    (_, l) => `  ${row.map((c, i) => (c[l] ?? '').padEnd(widths[i])).join('  ')}`.trimEnd())).join('\n')
}
