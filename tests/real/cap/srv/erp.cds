using { erp } from '../db/schema';

@path: '/odata/v4/erp' @requires: 'integration'
service ErpService {
  entity Customers as projection on erp.Customers;
  // Pages of three, so that next links are met.
  @cds.query.limit: { default: 3, max: 3 }
  entity Orders as projection on erp.Orders actions { action confirm() returns Orders; };
}
