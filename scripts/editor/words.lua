---@meta
-- The words of maps and lenses for editors that speak the Lua language server: completion, types, and what each option
-- means. Nothing here runs.

---What a map or a lens says about one field: a path, a word of `as`, or a table of fields.
---@class tidelock.Field

---A place in the platform's record: names by dots, [n] for elements ("Lines[1].Sku"), or a list of names.
---@alias tidelock.Path string|string[]

---How a decimal loses digits; "half-even" is what banks do.
---@alias tidelock.Rounding "half-even"|"half-up"|"half-down"|"down"|"up"|"floor"|"ceiling"

---@class tidelock.Options
---@field default? any what is read where there is nothing
---@field put_default? any lenses: what is put where there is nothing to put and nothing stands yet
---@field required? boolean no value is a data failure
---@field one_way? "read"|"write" lenses: the field goes one way

---@class tidelock.TextOptions: tidelock.Options
---@field most? integer characters; what is longer is refused …
---@field cut? boolean … or cut
---@field trim? boolean without blanks around it
---@field upper? boolean
---@field lower? boolean

---@class tidelock.IntegerOptions: tidelock.Options
---@field to? "text" the platform (in a map: what is written) holds text

---@class tidelock.DecimalOptions: tidelock.Options
---@field scale? integer digits after the point; more are refused unless `round` is named
---@field currency? string the scale of this currency, "EUR"
---@field round? tidelock.Rounding
---@field to? "text" the platform (in a map: what is written) holds text

---@class tidelock.DateOptions: tidelock.Options
---@field zone? string the platform holds a moment; the date is its day in this zone ("Europe/Berlin")
---@field form? "rfc3339"|"salesforce"|"odata"|"odata2" how the platform writes that moment

---@class tidelock.TimestampOptions: tidelock.Options
---@field zone? string shown with the offset of this zone
---@field form? "rfc3339"|"salesforce"|"odata"|"odata2" how the platform writes it
---@field local_in? string lenses: the platform writes what a clock in this zone shows, without an offset
---@field choose? "earlier"|"later" with local_in: which moment is read in the hour that a clock shows twice
---@field precision? "s"|"ms" lenses: finer digits are cut

---@class tidelock.ListOptions: tidelock.Options
---@field by? string|false lenses: the field of an element by which it is found again; false: there is none

---@class tidelock.as
as = {}

---As it is, also objects and lists.
---@param path tidelock.Path
---@param options? tidelock.Options
---@return tidelock.Field
function as.any(path, options) end

---@param path tidelock.Path
---@param options? tidelock.TextOptions
---@return tidelock.Field
function as.text(path, options) end

---@param path tidelock.Path
---@param options? tidelock.IntegerOptions
---@return tidelock.Field
function as.integer(path, options) end

---Exact, of any length.
---@param path tidelock.Path
---@param options? tidelock.DecimalOptions
---@return tidelock.Field
function as.decimal(path, options) end

---@param path tidelock.Path
---@param options? tidelock.Options
---@return tidelock.Field
function as.boolean(path, options) end

---@param path tidelock.Path
---@param options? tidelock.DateOptions
---@return tidelock.Field
function as.date(path, options) end

---@param path tidelock.Path
---@param options? tidelock.TimestampOptions
---@return tidelock.Field
function as.timestamp(path, options) end

---{ entity's name = platform's value }; of a list of values the first is written.
---@param path tidelock.Path
---@param values table<string, any>
---@param options? tidelock.Options
---@return tidelock.Field
function as.enum(path, values, options) end

---@param path tidelock.Path
---@param fields table<string, tidelock.Field|string>|tidelock.Lens|tidelock.Map
---@param options? tidelock.ListOptions
---@return tidelock.Field
function as.list(path, fields, options) end

---@param path tidelock.Path
---@param fields table<string, tidelock.Field|string>|tidelock.Lens|tidelock.Map
---@param options? tidelock.Options
---@return tidelock.Field
function as.object(path, fields, options) end

---The row of lookups/<name>, or one column of it. In a lens: one_way = "read".
---@param path tidelock.Path
---@param name string
---@param column? string
---@param options? tidelock.Options
---@return tidelock.Field
function as.lookup(path, name, column, options) end

---Lenses: the business key of that entity here, the platform's reference there.
---@param path tidelock.Path
---@param entity string "account@1"
---@param options? tidelock.Options
---@return tidelock.Field
function as.ref(path, entity, options) end

---Lenses: two functions. `path` is one place, or places by name: { first = "FirstName", last = "LastName" }.
---@param path tidelock.Path|table<string, tidelock.Path>
---@param get? fun(value: any): any
---@param put? fun(value: any): any
---@param options? tidelock.Options
---@return tidelock.Field
function as.pair(path, get, put, options) end

---A fixed value. In a lens with a path: written there, and demanded there.
---@param value any
---@param path? tidelock.Path
---@return tidelock.Field
function as.const(value, path) end

---Part of the external key of the platform's object.
---@param inner tidelock.Field|string
---@return tidelock.Field
function as.key(inner) end

---Only when the function says so. In a lens it is given the entity, in both directions, and `inner` may be a table of fields.
---@param condition fun(record: table): boolean
---@param inner tidelock.Field|string|table<string, tidelock.Field|string>
---@return tidelock.Field
function as.when(condition, inner) end

---@class tidelock.Map
---@overload fun(record: table): table

---One way: map "order@1 <- salesforce.Opportunity" { … }
---@param title string
---@return fun(fields: table): tidelock.Map
function map(title) end

---@class tidelock.Lens
---@field getter tidelock.Map its reading direction
---@field putter tidelock.Map its writing direction
---@overload fun(record: table): table
local Lens = {}

---The entity that a platform's record is.
---@param record table
---@return table entity
function Lens.get(record) end

---The platform's record that an entity is; over `old`, which is not changed and whose other fields stay.
---@param entity table
---@param old? table
---@return table record
function Lens.put(entity, old) end

---The paths it touches.
---@return { entity: string[], platform: string[] }
function Lens.fields() end

---Which output comes from which inputs.
---@return { get: { to: string, from: string[], how: string }[], put: { to: string, from: string[], how: string }[] }
function Lens.lineage() end

---Its page, in Markdown.
---@return string
function Lens.doc() end
