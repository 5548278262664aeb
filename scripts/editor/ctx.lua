---@meta
-- ctx: what a flow may ask of the runtime. What belongs to one integration, its systems and the types of its events, is
-- written beside this by `tidelock editor`. Nothing here runs.

---The event of a run, or one that was awaited.
---@class tidelock.Event
---@field id string
---@field type string
---@field key string the business key
---@field source string the system it came from, or the flow
---@field time string when it was accepted, UTC
---@field data any the payload, as its contract says

---@class tidelock.StepOptions
---@field name? string names the step, so that a later revision may put another of its kind before it

---@class tidelock.EffectOptions: tidelock.StepOptions
---@field undo? fun() called when the run fails or is cancelled after the effect took place; it may wait
---@field once? string the effect by its business meaning, "invoice:" .. order_no; unsafe operations demand it

---@class tidelock.Await
---@field within? string how long: "30d"; without it, for ever
---@field key? string|integer another key than the run's own
---@field when? fun(event: tidelock.Event): boolean refuses an event
---@field name? string
---@field [integer] string types of events

---@class tidelock.Decide
---@field about? string what it is about
---@field show? any what the person should see
---@field due? string by when: "1d"; then it escalates
---@field name? string
---@field [integer] string the answers

---@class tidelock.Answer
---@field answer string
---@field by string who
---@field why string
---@field at string when

---Work of a branch: a function, or a call written as data: { "erp", "credit_status", { account_no = n } }.
---@alias tidelock.Work function|any[]

---@class tidelock.Ctx
local Ctx = {}

---Goes on when the time has passed.
---@param duration string "5m"
---@param options? tidelock.StepOptions
function Ctx:sleep(duration, options) end

---The next event of these types with the run's key that it has not taken yet; what came before the call counts too. nil when the time is over.
---@param what tidelock.Await { "shipment.sent@1", within = "30d" }
---@return tidelock.Event? event
function Ctx:await(what) end

---Asks a person and waits for the answer. Nothing is broken: it is part of the business.
---@param what tidelock.Decide { "release", "reject", about = "credit hold", due = "1d" }
---@return tidelock.Answer answer
function Ctx:decide(what) end

---A run of another flow, under the key of this one: what its function returns, or an error of class "failed".
---@param flow string
---@param input table
---@param options? tidelock.StepOptions
---@return any result
function Ctx:start(flow, input, options) end

---Something is broken: returns when a person has repaired it and retries.
---@param reason string
---@param data? any what the person should see
---@param options? tidelock.StepOptions
function Ctx:park(reason, data, options) end

---Parallel work by name. When all have ended, the first failure (by name) is raised.
---@param work table<string, tidelock.Work>
---@return table<string, any> results
function Ctx:all(work) end

---Parallel work by name; failures are given, not raised. What is not finished in time has class "timeout".
---@param work table<string, tidelock.Work>
---@param options? { within?: string }
---@return table<string, any> got
---@return table<string, tidelock.Error> failed
function Ctx:gather(work, options) end

---Parallel work of which the first that ends well counts; the others are withdrawn.
---@param work table<string, tidelock.Work>
---@return string name
---@return any result
function Ctx:first(work) end

---The same work for each element, so many at a time. After a failure no further one begins.
---@generic T
---@param list T[]
---@param options { at_most: integer }
---@param work fun(item: T, index: integer): any
---@return any[] results
function Ctx:each(list, options, work) end

---The run ends: what was done is undone, last first; then it has failed.
---@param reason string
---@param data? any
function Ctx:fail(reason, data) end

---Nothing that was done up to here is undone any more.
function Ctx:keep() end

---Ends the run and begins it afresh with this state: for runs without end. Not while something could be undone.
---@param state any the third parameter of the flow's function
function Ctx:continue(state) end

---The next event, committed together with the end of this run.
---@param event string "order.released@1"
---@param data table
function Ctx:emit(event, data) end

---A line of the run's log: `ctx:log("released", { by = d.by })`, or with a level first.
---@param level string debug info warn error; or the message itself
---@param message? string|table
---@param fields? table
function Ctx:log(level, message, fields) end

---When the event was accepted, later when the run was woken: text, UTC. The same again when the run is repeated.
---@return string
function Ctx:now() end

---What the function returns, or nil and the error.
---@param work function
---@param ... any
---@return any result
---@return tidelock.Error? failed
function Ctx:try(work, ...) end

---1 … n, or m … n with two numbers. The same again when the run is repeated.
---@param m integer
---@param n? integer
---@return integer
function Ctx:random(m, n) end

---The same again when the run is repeated.
---@return string
function Ctx:uuid() end
