// Package sql holds the text of every query that the truth is asked, and binds the statements of
// inventory/port to them. It talks to nobody: the adapter in the folder above sends what it says, and
// the wire fake (adapters/fakes/postgres) reads what it says backwards.
//
// # The mental model
//
// [Bind] turns a statement into a [Query]: one text, one [Field] per parameter, one [Column] per result
// column. A field's value is not a copy but a view of the statement's own memory that pgx can read
// (encode a parameter, or a result on the fake's side) and write (scan a result, or a parameter on the
// fake's side). So both directions have one definition, and what is NULL on the wire is said in one
// place: the views named OrNull write the zero value as NULL, and every view reads NULL as zero.
//
//	client: args = q.Args(); for each row: rows.Scan(q.Rows.Next()...)
//	server: scan parameter i into q.Params[i].Value, run the statement on a store, then for each row
//	        i < q.Rows.Len(): encode q.Rows.At(i)
//
// A statement with options has a text for each choice; [Forms] lists one fresh statement per text. Lists
// travel as one array per column, read by unnest, in the order of the columns next to the text; in the
// inserts of settle, columns that a batch has in common travel as one scalar (alike.go).
//
// # Why the texts look as they do
//
// Lookups by key are a lateral join from unnest, fenced by OFFSET 0 or a row lock so that the planner
// cannot turn it around: it must take the keys one by one, in order, through the primary key. A plain
// join is planned once, perhaps while the table is empty, and then kept as a sequential scan while the
// table grows. For the same reason guarded updates find their rows by key first and then by ctid, in the same
// snapshot: a row that somebody changed in between is not found, and the guard ledger.must refuses the
// short count. [Session] turns sequential scans off for what remains.
package sql
