// Package fakeredis runs miniredis in process for the real Redis client, over connections in memory.
//
// # The mental model
//
// A [Server] is one Redis that never touches the network: hand [Server.Dial] to the client as its
// dialer. Its clock stands still until [Server.AdvanceClock]; [Server.Kill] breaks every connection
// and refuses new ones until [Server.Restart].
//
// # Where it is not Redis
//
// Its scripts run on gopher-lua as it comes: tonumber knows neither "1e1" nor "inf" nor an integer
// beyond int64, and an error raised in a script loses its code. There is one server, so no slots and
// no CROSSSLOT. It builds a Lua state for every script, some 0.3 ms of processor time. The in-memory
// Redis of adapters/memory has none of these, and no wire.
package fakeredis
