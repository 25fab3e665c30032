package sql

// Session is what a new connection runs first. It reads the system identifier of the server behind the
// connection into a setting, so that [CheckEpoch] needs no parameter, and makes the planner take the
// index at any size of a table: a generic plan made over small tables is kept while they grow. jit is
// off because the cost that a forbidden sequential scan carries would start it.
//
// Result: one row of the four values set, all text.
const Session = `
SELECT set_config('stockproof.sysid', system_identifier::text, false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('enable_seqscan', 'off', false),
       set_config('jit', 'off', false)
FROM pg_control_system()`

// Begin and Commit open and end a transaction; they travel in the pipeline with its statements.
const (
	Begin    = `begin`
	Commit   = `commit`
	Rollback = `rollback`
)

// GuardState is the SQLSTATE that ledger.must raises when a statement touched fewer rows than it was
// given. The standard leaves class SP to implementations.
const GuardState = "SP001"
