// A small ERP: customers by a UUID, orders by their own number with lines inside them.
using { cuid, managed } from '@sap/cds/common';
namespace erp;

entity Customers : cuid, managed {
  @mandatory name : String(80);
  accountNo   : String(40);
  creditLimit : Decimal(15,2);
  rate        : Decimal(18,4);
  lastOrder   : String(20);
  lastTotal   : Decimal(15,2);
}
annotate Customers with @assert.unique: { accountNo: [accountNo] };

entity Orders : managed {
  key no   : String(20);
  customer : Association to Customers @assert.target;
  @assert.range status : String(12) enum { new; confirmed; cancelled } default 'new';
  note     : String(200);
  total    : Decimal(15,2);
  items    : Composition of many {
    key pos : Integer;
    sku     : String(20);
    qty     : Decimal(18,4);
    price   : Decimal(15,2);
  };
}
annotate Orders { modifiedAt @odata.etag };
