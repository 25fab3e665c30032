// Package luahost runs Redis's Lua scripts without a Redis: the shipped bytes, on gopher-lua, with
// redis.call and the conversions between Lua values and replies that Redis 7 has.
//
// # The mental model
//
// A [Host] is one Lua state in which every script it has seen is compiled once; a call sets KEYS and
// ARGV and runs the compiled function. That is what makes it a hundred times cheaper than a state per
// call. A script keeps nothing from one call to the next: globals are refused, as in Redis.
//
// What a script does to data goes through the [Call] that it is run with; the host has no keyspace.
//
// # What is Redis's and not gopher-lua's
//
// tonumber is C's strtod (number.go): gopher-lua's own reads "1e1" as nil and "0b1" as 1, and the
// article's script lives off exactly such inputs. Numbers become arguments by "%.17g", replies by
// truncation. An error of redis.call is raised as a table with its code, of redis.pcall returned.
//
// # What it does not promise
//
// It bounds neither time nor memory of a script: it runs our own. cjson, cmsgpack, bit and
// redis.setresp are absent. A host is not safe for use by two goroutines.
package luahost
