// Package command turns the operations of [port.Speed] into Redis commands, and Redis's replies back
// into their results. It knows no client and no connection.
//
// # Why it exists
//
// Two things speak to a Redis: the adapter over go-redis, and the in-memory server that the
// simulator schedules. If each built its own keys and read its own replies, a simulated run would
// prove nothing about the production code. Here both take the same [Command] from [For], run the same
// script bytes, and hand the reply to the same [Command.Accept].
//
// # Two families of keys
//
// The lane's hash and the heartbeats belong to this project: names are encoded, so that every byte
// string is one key with one non-empty hash tag, and every script touches one key. It can never be
// CROSSSLOT. The article's keys are as published, without any codec: an empty SKU or one that begins
// with "}" puts stock and token into two slots (F36), shards share their SKU's slot (F57).
//
// # Errors
//
// A business outcome is a value. What is left is sorted into the classes of port/errors.go by the
// first word of Redis's message ([Refusal]), which is Redis's own error code and not prose.
package command
