---@meta
-- What declares a lens. `tidelock editor` writes it anew with the lenses of the integration, each by its title.

---Both ways: lens "account@1 <-> salesforce.Account" { … }
---@param title string
---@return fun(fields: table): tidelock.Lens
function lens(title) end
