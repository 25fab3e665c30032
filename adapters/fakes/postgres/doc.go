// Package fakepg is PostgreSQL for the real pgx client inside one process: the wire protocol, over
// the memory store of adapters/memory.
//
// # The mental model
//
//	pgx ── in-memory connection ── conn ── Session ── adapters/memory
//	       (pipe)                  │
//	                               catalog: SQL text -> statement of inventory/port
//
// A [Server] has one goroutine per connection, as PostgreSQL has one process. It reads a message,
// carries it out and reads the next; it answers when the client asks it to (Sync, Flush, or the end
// of a simple query). It understands no SQL. A text is looked up, its parameters are read into the
// statement it stands for, the store executes that statement, and the results are written back as
// rows. The catalog is not a second list of queries: it is the adapter's own bindings
// (adapters/postgres/sql) read backwards, so that what is NULL, and which column comes when, is said
// once. What the two of them agree on wrongly only a real server can tell: the contract suite runs on
// both.
//
//	server := fakepg.NewServer(fakepg.Memory(store))
//	truth, err := postgres.Open(postgres.Options{DSN: "host=fake sslmode=disable", Dial: server.Dial})
//
// # What it promises
//
//   - The conversation: startup without TLS and password, CancelRequest, the simple and the extended
//     protocol, pipelines, parameters and results in both formats, for the types that the statements
//     use. An error skips to Sync. Outside a block everything up to Sync is one transaction.
//   - The transaction status (I, T, E): 25P02 in an aborted transaction, whose locks are free at
//     once; its COMMIT answers ROLLBACK; COMMIT outside a transaction warns.
//   - SQLSTATE, schema, table and constraint in every error of the store. Text that is not UTF-8 is
//     22021. A text that the catalog does not know is 42601 and named: a query that the adapter has
//     and nobody bound cannot pass.
//   - Replication: START_REPLICATION streams a slot of the store ([Server.ServeSlot]) as pgoutput,
//     version 1, and status updates confirm it. No slot is made over the wire, and no keepalive sent.
//   - The end of connections, at chosen points ([Faults]) or all at once ([Server.Cut],
//     [Server.Terminate], [Server.Refuse]). Whose connection ends loses its open transaction and its
//     locks. A COMMIT that the server has read is carried out whether or not its client lives
//     ([Late]), and is never interrupted.
//
// # What it does not
//
//   - It knows the texts of the adapter, begin, commit and rollback, and no others: no migrations (the
//     store is born migrated), no ad-hoc queries, no COPY, no portals that are fetched in parts. Command tags count the rows handed to a statement, also those that ON
//     CONFLICT DO NOTHING skips.
//   - Settings are accepted if PostgreSQL has them and mean nothing, but for
//     idle_in_transaction_session_timeout. Timeouts of the store are options of the store.
//   - Plans, indexes, disks, fsync, autovacuum, and the time that anything takes.
//   - Determinism: goroutines race for the store as clients of a real server do. The simulator drives
//     adapters/memory directly where a schedule has to repeat.
//
// # Read next
//
// conn.go for the life of a connection, extended.go and execute.go for what a message does, faults.go
// for how it can go wrong, statements.go for the catalog.
package fakepg
