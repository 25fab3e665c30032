// Package postgres is PostgreSQL in memory, as far as production code can observe it.
//
// # The mental model
//
//	Server    tables of versioned rows, secondary indexes over them, row locks, the log of what was committed.
//	Session   one backend: a transaction or none. A statement that has to wait for a lock gives the gate a
//	          [memory.Wait]; others go on, and READ COMMITTED holds per statement.
//	Client    port.Truth over a session for each transaction, as a pool of connections would be.
//	Slot      decodes what was committed, in the order of the commits, before anybody can see it; it can rewind
//	          and be lost.
//
// A statement of port is carried out by the function of its type in the statements_ files; what they write lands in
// the typed tables of the tables_ files, which refuse what the shipped schema's CHECKs and keys refuse. A crash ends
// all sessions; a failover continues on a standby that may lack the tail of the log.
package postgres
