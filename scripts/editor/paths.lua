---@meta paths
-- Paths into documents: "Account.Name", "lines[1].sku", or a list of steps { "@odata.etag" } where names hold dots.

---require "paths": values deep inside of a document.
---@class tidelock.paths
local paths = {}

---@param document table
---@param path tidelock.Path
---@param default? any
---@return any
function paths.get(document, path, default) end

---Makes the tables in between; the value `null` writes a null.
---@param document table
---@param path tidelock.Path
---@param value any
---@return table document
function paths.set(document, path, value) end

---A function that gets the value of a document, the table it stands in and the last step: quicker when it is asked often.
---@param path tidelock.Path
---@return fun(document: table): any, table?, any
function paths.getter(path) end

---A function that sets the value; it gives false when something else stands in the way.
---@param path tidelock.Path
---@return fun(document: table, value: any): boolean
function paths.setter(path) end

---The steps of a path.
---@param path tidelock.Path
---@return any[]
function paths.names(path) end

---A path as text.
---@param path tidelock.Path
---@return string
function paths.text(path) end

---These members of a document as they stand: a null is a null, what is not there is not there.
---@param document table
---@param names string[]
---@return table
function paths.pick(document, names) end

---All of a document, nulls and empty arrays included.
---@param document table
---@return table
function paths.copy(document) end

return paths
