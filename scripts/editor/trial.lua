---@meta
-- The words of tests/*_test.lua. Nothing here runs.

---What belongs together; every test inside has a world of its own.
---@param name string
---@param fn fun()
function describe(name, fn) end

---@param name string
---@param fn fun()
function context(name, fn) end

---A test: `w` is its world.
---@param name string
---@param fn fun(w: World)
function it(name, fn) end

---A test that is not written yet; inside of one: it ends as pending.
---@param name? string
function pending(name) end

---@param fn fun(w: World)
function before_each(fn) end

---@param fn fun(w: World)
function after_each(fn) end

---`assert(v)`, `assert.equal(expected, got)`, `assert.same` for what is in tables, `assert.matches(pattern, text)`, `assert.contains(part, whole)`, `assert.has_error(fn, part)`, `assert.is_true is_false is_nil is_table …`; `not` and `no` turn any of them round: `assert.is_not_nil`.
---@class tidelock.Assert
---@field equal fun(expected: any, got: any, message?: string)
---@field same fun(expected: any, got: any, message?: string)
---@field matches fun(pattern: string, text: string, message?: string)
---@field contains fun(part: any, whole: any, message?: string)
---@field has_error fun(fn: function, part?: string, message?: string)
---@field is_true fun(value: any, message?: string)
---@field is_false fun(value: any, message?: string)
---@field is_nil fun(value: any, message?: string)
---@field is_not_nil fun(value: any, message?: string)
---@field is_truthy fun(value: any, message?: string)
---@field is_falsy fun(value: any, message?: string)
---@field is_table fun(value: any, message?: string)
---@field [string] any

---What a platform does when the test says so.
---@class tidelock.Rule
local Rule = {}

---@param answer? table|fun(args: table, call: table): any
---@return tidelock.Rule
function Rule:answers(answer) end

---@param how { class?: string, message?: string, status?: integer, code?: string, times?: integer, wait?: string }
---@return tidelock.Rule
function Rule:fails(how) end

---The request is lost, and nobody knows that.
---@param times? integer
---@return tidelock.Rule
function Rule:drops_the_answer(times) end

---It is carried out, and the answer is lost.
---@param times? integer
---@return tidelock.Rule
function Rule:commits_and_drops_the_answer(times) end

---@param duration string
---@return tidelock.Rule
function Rule:is_slow(duration) end

---@param duration string
---@return tidelock.Rule
function Rule:is_down(duration) end

---A scripted platform: `w.erp`.
---@class tidelock.Platform
local Platform = {}

---About an operation, "put order@1", an object, or "*".
---@param what string
---@return tidelock.Rule
function Platform:on(what) end

---@param duration string
---@return tidelock.Rule
function Platform:is_down(duration) end

---@param duration string
---@return tidelock.Rule
function Platform:is_slow(duration) end

---Records of an entity or object that it holds, or how often an operation was carried out.
---@param what string
---@return integer
function Platform:count(what) end

---@param what string
---@return table[]
function Platform:records(what) end

---The calls that arrived: operation entity object args done refused again.
---@param what? string
---@return table[]
function Platform:calls(what) end

---@class tidelock.World
local TestWorld = {}

---The events of tests/recorded/<name>.json (made by `tidelock record`), one after another; those that flows emitted are not delivered.
---@param name string
function TestWorld:play(name) end

---An event, or a record of a system ("crm.Deal"). Gives its key.
---@param type string
---@param data table
---@param options? { key?: string, dedupe?: string }
---@return string key
function TestWorld:deliver(type, data, options) end

---Time passes; what is due happens at its moment.
---@param duration string
function TestWorld:advance(duration) end

---A crash, then a start that recovers.
function TestWorld:restart() end

---@return string
function TestWorld:now() end

---A person answers the open decision.
---@param answer string
---@param options? { key?: string, flow?: string, by?: string, why?: string }
function TestWorld:decide(answer, options) end

---A person retries what is parked.
---@param options? { key?: string, flow?: string, changes?: table, payload?: table, although_later?: boolean, by?: string, why?: string }
function TestWorld:retry(options) end

---@param options? { key?: string, flow?: string, by?: string, why?: string }
function TestWorld:discard(options) end

---Runs that are open.
---@param filter? table
---@return table[]
function TestWorld:runs(filter) end

---What waits for a person.
---@param filter? table
---@return table[]
function TestWorld:exceptions(filter) end

---What flows ask people.
---@param filter? table
---@return table[]
function TestWorld:decisions(filter) end

---Events that flows emitted.
---@param type? string
---@return table[]
function TestWorld:emitted(type) end

---What the map of that title makes of a record.
---@param title string
---@param record table
---@return table
function TestWorld:map(title, record) end
