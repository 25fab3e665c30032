// Package jsonl writes and reads histories ([checks.History]) as JSON lines: what a run leaves behind so
// that somebody else can judge it, and the form in which histories from production come in.
//
// # The mental model
//
// One line is one JSON object with one member, whose name says what the line is:
//
//	{"history":{"version":1,"design":"ledger","claims":["no-oversell"],"capability":"ledger rows",...}}
//	{"name":{"id":"…","as":"o1"}}                                                what people call an id
//	{"call":{"attempt":1,"client":1,"at":17,"command":{"id":"…","kind":"RESERVE","sku":"A",...}}}
//	{"return":{"attempt":1,"at":19,"decision":{"outcome":"GRANTED","granted":2,"seq":5,"avail":3}}}
//	{"audit":{"speed_read":true,"feeds":["web"]}}                                what follows is the audit
//	{"ledger":{"lane":"A:main","seq":5,"command":"…","kind":"RESERVE","outcome":"GRANTED",...}}
//	{"end":{"events":2,"rows":1}}                                                or the file was cut short
//
// In this order: header, names, events as they were observed, audit, end. The events are those of
// package checks (call, return, unknown, answer, effect, install, read, delivery, lost, skew), the rows those of
// [checks.Audit] (command, ledger, lane, line, stock, shown, dead, supply, state, held). The members of a line are the
// fields of the Go type in snake case; what is zero or absent is left out. Ids are UUIDs, kinds, outcomes
// and policies their names, SKUs, locations and lanes are written as in keys (model.EncodeKey): total over
// any bytes.
//
// # Time
//
// All times are microseconds of one monotonic clock, stamped before a request leaves and after its answer
// arrived, so that a line never goes back behind the one before it. The one exception is a call that is
// marked late: its command became known with its answer only, and its time is when the request left.
//
// # What a reader refuses
//
// [Reader] takes nothing on trust: a line that is no JSON, is cut short or has a member that its kind does
// not have, an unknown kind, lines out of order, an answer to no call or a second decision for one, time
// that runs backwards, and an end that counts other numbers than were read are each a
// [checks.InputError] with file, line and reason.
//
// Read next: record.go (the one codec), writer.go, reader.go.
package jsonl
