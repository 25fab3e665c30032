// Package redis is Redis in memory, a single node or a Cluster, as far as production code can observe it.
//
// # The mental model
//
//	Server    masters, each with a keyspace and a journal of the last writes, which a failover may lose.
//	node      carries out commands one at a time: the shipped Lua, unmodified, through package luahost, and the
//	          few plain commands that scripts and operators use.
//	Client    port.Speed: maps operations to commands, follows MOVED and ASK, loads scripts as go-redis does.
//
// Clocks, eviction, a busy script, a full memory, a moving slot and an empty restart are switches of the server.
package redis
