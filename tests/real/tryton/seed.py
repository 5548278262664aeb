#!/usr/bin/python3
"""A small company that sells, made in an empty Tryton 6.0 database: usage: seed.py trytond.conf database"""
import datetime
import sys
from decimal import Decimal

from proteus import Model, Wizard, config

PRODUCTS = [('PUMP-7', 'Feed pump', '149.90'), ('VALVE-2', 'Ball valve', '12.50'), ('SEAL-9', 'Seal kit', '3.3333')]
STOCK = 100000
settings = config.set_trytond(database=sys.argv[2], config_file=sys.argv[1])


def one(model, *domain):
    return Model.get(model).find(list(domain), limit=1)[0]


def made(model, **values):
    record = Model.get(model)(**values)
    record.save()
    return record


def company():
    euro = (Model.get('currency.currency').find([('code', '=', 'EUR')])
            or [made('currency.currency', name='Euro', symbol='€', code='EUR', rounding=Decimal('0.01'))])[0]
    made('currency.currency.rate', date=datetime.date.min, rate=Decimal(1), currency=euro)
    wizard = Wizard('company.company.config')
    wizard.execute('company')
    wizard.form.party = made('party.party', name='Acme Pumps')
    wizard.form.currency = euro
    wizard.execute('add')
    settings._context = Model.get('res.user').get_preferences(True, {})
    return Model.get('company.company').find()[0]


def fiscal_year(company, year):
    kinds = {name: one('ir.sequence.type', ('name', '=', name)) for name in ('Account Move', 'Invoice')}
    record = Model.get('account.fiscalyear')(name=str(year), company=company)
    record.start_date, record.end_date = datetime.date(year, 1, 1), datetime.date(year, 12, 31)
    record.post_move_sequence = made('ir.sequence', name=str(year), sequence_type=kinds['Account Move'], company=company)
    numbers = made('ir.sequence.strict', name=str(year), sequence_type=kinds['Invoice'], company=company,
                   prefix='INV-%d-' % year)
    for name in ('out_invoice', 'in_invoice', 'out_credit_note', 'in_credit_note'):
        setattr(record.invoice_sequences[0], name + '_sequence', numbers)
    record.save()
    record.click('create_period')


def chart(company):
    template = one('ir.model.data', ('module', '=', 'account'), ('fs_id', '=', 'account_template_root_en'))
    wizard = Wizard('account.create_chart')
    wizard.execute('account')
    wizard.form.account_template = Model.get('account.account.template')(template.db_id)
    wizard.form.company = company
    wizard.execute('create_account')
    for kind in ('receivable', 'payable'):
        account = one('account.account', ('type.' + kind, '=', True), ('company', '=', company.id))
        if account.party_required:
            setattr(wizard.form, 'account_' + kind, account)
    wizard.execute('create_properties')


def goods(company):
    account = {kind: one('account.account', ('type.' + kind, '=', True), ('company', '=', company.id))
               for kind in ('revenue', 'expense')}
    taxes = one('account.account', ('name', '=', 'Main Tax'))
    vat = made('account.tax', name='VAT 20%', description='VAT 20%', type='percentage', rate=Decimal('.20'),
               invoice_account=taxes, credit_note_account=taxes)
    category = Model.get('product.category')(name='Goods', accounting=True)
    category.account_expense, category.account_revenue = account['expense'], account['revenue']
    category.customer_taxes.append(vat)
    category.save()
    unit = one('product.uom', ('name', '=', 'Unit'))
    inventory = Model.get('stock.inventory')(location=one('stock.location', ('code', '=', 'STO')))
    for code, name, price in PRODUCTS:
        template = Model.get('product.template')(name=name, default_uom=unit, type='goods', salable=True)
        template.list_price, template.account_category = Decimal(price), category
        template.products[0].suffix_code = code
        template.save()
        line = inventory.lines.new(product=template.products[0])
        line.quantity, line.expected_quantity = float(STOCK), 0.0
    inventory.click('confirm')
    credit = Model.get('product.template')(name='Service credit', default_uom=unit, type='service', salable=True)
    credit.list_price, credit.account_category = Decimal(0), category
    credit.products[0].suffix_code = 'SLA-CREDIT'
    credit.save()


def payment():
    cash = one('account.account', ('name', '=', 'Main Cash'))
    made('account.invoice.payment.method', name='Bank', credit_account=cash, debit_account=cash,
         journal=one('account.journal', ('type', '=', 'cash')))
    term = Model.get('account.invoice.payment_term')(name='At once')
    term.lines.new(type='remainder')
    term.save()


def integration_user(company):
    """Every right but those of an administrator."""
    user = Model.get('res.user')(name='Tidelock', login='sync', password='sync-pw', company=company)
    user.companies.append(Model.get('company.company')(company.id))
    had = {group.id for group in user.groups}
    for group in Model.get('res.group').find([('name', '!=', 'Administration')]):
        if group.id not in had:
            user.groups.append(group)
    user.save()


seller = company()
for year in (0, 1):
    fiscal_year(seller, datetime.date.today().year + year)
chart(seller)
goods(seller)
payment()
integration_user(seller)
