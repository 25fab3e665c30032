// Package postgres is the truth on a real PostgreSQL 15: port.Truth and port.Slot over pgx v5, the
// schema as migrations, and the classes of everything that can go wrong.
//
// # The mental model
//
// A statement is one query (package sql); a call of the port is one pgconn.Pipeline and, once the
// connection has prepared the texts, one round trip. A large one is sent while it is being encoded (our
// encoder, pgx's formats), so that the server works meanwhile. BEGIN rides in the first batch
// of a transaction and COMMIT in the last, so settle is two of them. An error makes the server skip to
// the end of the pipeline, COMMIT included; that is why statements that must touch every row they name
// check their own count inside the server (ledger.must).
//
// # What an error means
//
// File classify.go looks at the SQLSTATE, or at what the client was doing when the connection broke.
// Before COMMIT is on the wire nothing has happened. From then on the loss of the connection leaves the
// outcome unknown, and so does every warning that arrives with COMMIT, because that is how a server says
// that it stopped waiting for its synchronous standby. No cancel request is ever sent while a COMMIT may
// be running: it would end that wait and turn a lost commit into a confirmed one.
//
// # Connections
//
// A pool hands out connections; a transaction takes one at its first statement. Each connection learns
// the server's system identifier once, for the gate of CheckEpoch, and makes the planner take the index
// (sql.Session). Timeouts are settings of the database, made by the migrations, so that no client can
// forget them. A connection that met a server in recovery is dropped, since the next one may reach the
// new primary.
//
// Read next: truth.go, tx.go, classify.go, slot.go, and sql/doc.go for the texts.
package postgres
