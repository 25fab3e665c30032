// Package debezium reads what Debezium's PostgreSQL connector writes to Kafka, and writes the same.
//
// # What is on a topic
//
// A connector writes more than commands. A [Decoder] says of every record which of seven classes it
// is: a row of a table (c, u, d, r, t), a row of the signal table, a logical message (m), a
// tombstone, a heartbeat, the BEGIN or END of a transaction, or a message of the outbox event
// router. Only an inserted order or an outbox message may ask for something (Event.Command). The
// rest is recognised and is never a command: a consumer that maps "a message on the orders topic" to
// "deduct" deducts again on every status update, snapshot and delete.
//
// # Two layers, two kinds of refusal
//
// The envelope is Debezium's and the columns are ours. A record whose envelope does not decode is
// refused by [Decoder.Decode]. A record whose envelope is sound but whose content breaks our contract
// (a quantity above 2^53-1, a NUMERIC that came as base64, JSON inside a JSON string) decodes, and is
// refused by [Event.Order] or [Event.Object]. Both refusals are a [*RecordError]: it names the record
// and the field, and is port.ErrContract and a *model.ContractError.
//
// # Exactness
//
// Numbers are read from their text and never pass through a float64; field order is kept; a field
// that comes twice, invalid UTF-8 and half a surrogate pair are refused, because a lenient reader
// would make two SKUs one.
//
// # The recommended topology needs little of this
//
// With the outbox event router and StringConverters (testdata/envelopes/connectors/outbox-string.json)
// a record's value is the payload column verbatim and its key is aggregateid: consumers of those
// topics decode the value with package model alone, and Debezium's heartbeats, transactions and
// logical messages go to topics of their own. Raw-table envelopes are what the article's design
// consumes.
//
// # The encoder
//
// An [Encoder] turns the changes of a slot into the records that a connector with the same [Config]
// writes: byte for byte those in testdata/envelopes. adapters/fakes/cdc is the connector around it.
//
// Facts about formats are from records captured with Debezium 3.6.1.Final on PostgreSQL 15.20 and
// Kafka 4.3.0 (testdata/envelopes/README.md), where nothing else is said.
package debezium
